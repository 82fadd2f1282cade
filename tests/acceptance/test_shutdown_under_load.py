"""A web process ends as in a deploy, while people are told things: they go on elsewhere."""

from collections import Counter

import pytest

from tests.acceptance.talk import Talk
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_2, pytest.mark.promise_3, pytest.mark.any_database]

SERVICE_RESTART = 1012


def test_clients_come_back_to_another_process(processes, live_site, many, crowd):
    people = crowd(20)
    ending = processes.web(CLARION_HEARTBEAT_SECONDS="1")
    many.join(ending, people)
    for member in many.members:
        member.refuge = live_site
    with Talk(people) as talk:
        talk.go_on()
        ending.process.popen.terminate()
        many.wait_for(lambda: all(member.codes for member in many.members), "the end")
        talk.go_on()
        wait_until(lambda: not ending.process.running)
        talk.go_on()
    # By their frames alone: nobody has loaded a page again.
    many.wait_for(lambda: all(member.titles() == talk.titles for member in many.members), "all")
    for member in many.members:
        assert member.codes == [SERVICE_RESTART]
        assert "reset" not in member.came
        assert Counter(told(member)) == Counter(talk.titles), "each thing once"
    many.converge()
    assert "Traceback" not in ending.process.output()


def told(member):
    """Titles of everything that came, over both sockets."""
    for frame in member.frames:
        for item in [*frame.get("items", ()), *([frame["item"]] if "item" in frame else ())]:
            yield item["title"]
