"""The protocol, in pure Python: frames, events, the session of one socket, close codes.

No Django, Channels, Celery or Redis here; time is an argument.
"""
