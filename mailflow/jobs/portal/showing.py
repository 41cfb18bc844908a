"""One change of what the portal shows -> the calls that bring it about, by what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mailflow.approval.effects import PortalChange, Showing
from mailflow.jobs.portal.bench import Bench
from mailflow.jobs.portal.calendar import Meeting, mark_paid, move_meeting, remove_meeting
from mailflow.jobs.portal.creation import Creation, Maker
from mailflow.jobs.portal.drive import DriveFile
from mailflow.jobs.portal.feed import Comment, Post, share
from mailflow.jobs.portal.notices import TimelineComment, notify
from mailflow.jobs.portal.record import show_record
from mailflow.jobs.portal.tasks import Task, end_task, move_deadline, show_checklist

_Show = Callable[[Bench, PortalChange, Maker], int | None]


def show(bench: Bench, change: PortalChange, maker: Maker) -> int | None:
    """Shows it; the id of what was made, None where nothing was. Raises NotShown, and what the portal raises."""
    return _SHOWN_BY[change.shows](bench, change, maker)


def _made(creation: Creation) -> _Show:
    return lambda bench, change, maker: maker.make(bench, change, creation)


def _done(act: Callable[[Bench, PortalChange], None]) -> _Show:
    def show_it(bench: Bench, change: PortalChange, maker: Maker) -> None:
        act(bench, change)

    return show_it


_SHOWN_BY: Mapping[Showing, _Show] = {
    Showing.FILE: _made(DriveFile()),
    Showing.RECORD: show_record,
    Showing.PAY_TASK: _made(Task("pay_task")),
    Showing.REWORK_TASK: _made(Task("rework_task")),
    Showing.CHECKLIST: show_checklist,
    Showing.TASK_MOVED: _done(move_deadline),
    Showing.TASK_ENDED: _done(end_task),
    Showing.EVENT: _made(Meeting()),
    Showing.EVENT_MOVED: _done(move_meeting),
    Showing.EVENT_PAID: _done(mark_paid),
    Showing.EVENT_REMOVED: _done(remove_meeting),
    Showing.POST: _made(Post()),
    Showing.READERS: _done(share),
    Showing.COMMENT: _made(Comment()),
    Showing.NOTICE: _done(notify),
    Showing.TIMELINE: _made(TimelineComment()),
}
