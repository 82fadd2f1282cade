"""Settings of a site that has nothing of ours but, perhaps, its channel layer."""

import os

SECRET_KEY = "compat"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.compat.chat.urls"
INSTALLED_APPS = ["channels"]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ["CHANNEL_LAYER"],
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "prefix": os.environ["CHANNEL_PREFIX"]},
    }
}
