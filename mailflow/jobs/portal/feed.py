"""The invoice's post in the Live Feed, its readers and comments (Bitrix24 REST: log)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from mailflow.approval.effects import PortalChange
from mailflow.errors import PortalRefused
from mailflow.jobs.portal.bench import Bench
from mailflow.jobs.portal.creation import Creation
from mailflow.jobs.portal.request import Request
from mailflow.store.portal import PortalObject

_LOOK_BACK = timedelta(days=1)
_LATEST_COMMENTS = 100
_SAME_TEXT = "duplicate comment"


class Post(Creation):
    """One post for each invoice; its only mark is the number in the title."""

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """log.blogpost.add."""
        params: dict[str, Any] = {
            "POST_TITLE": bench.texts.title("post_title", change),
            "POST_MESSAGE": bench.texts.text("post", change),
            "DEST": _audience(bench, change),
        }
        if files := bench.drive_files(change):
            params["UF_BLOG_POST_FILE"] = [f"n{file}" for file in files]
        return Request("log.blogpost.add", params)

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By the number in the title, among the webhook's owner's own posts that the first reader may read."""
        asked = {
            "LOG_RIGHTS": sent.request["params"]["DEST"][:1],
            "LOG_DATE_FROM": (sent.sent_at - _LOOK_BACK).isoformat(),
        }
        ours = re.compile(rf"{re.escape(change.invoice.number)}(?!\d)")
        posts = bench.portal.call("log.blogpost.get", asked).result
        by_us = [post for post in posts if str(post.get("AUTHOR_ID")) == str(bench.setup.owner)]
        return [int(post["ID"]) for post in by_us if ours.search(str(post.get("TITLE", "")))]


class Comment(Creation):
    """A comment under the post; its mark is the invoice's number and version at its end."""

    needs_id = False

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """log.blogcomment.add."""
        params = {"POST_ID": bench.parent(change), "TEXT": bench.texts.text("comment", change)}
        return Request("log.blogcomment.add", params)

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By the mark, among the latest comments of the webhook's owner."""
        asked = {"USER_ID": bench.setup.owner, "LIMIT": _LATEST_COMMENTS}
        answer = bench.portal.call("log.blogcomment.user.get", asked).result
        mark = f"({change.facts['mark']})"
        comments = answer.get("comments", []) if isinstance(answer, dict) else answer
        return [int(comment["comment_id"]) for comment in comments if mark in str(comment.get("text", ""))]

    def is_there_already(self, refusal: PortalRefused) -> bool:
        """The portal takes no comment twice; it has no code for that, only the words."""
        return _SAME_TEXT in refusal.said.lower()


def share(bench: Bench, change: PortalChange) -> None:
    """log.blogpost.share: more readers; whoever is one already stays one."""
    post = bench.parent(change)
    readers = bench.users(_addresses(change))
    if readers:
        bench.portal.call("log.blogpost.share", {"POST_ID": post, "DEST": [f"U{user}" for user in readers]})


def _audience(bench: Bench, change: PortalChange) -> list[str]:
    """Those who have an account; the webhook's owner where nobody has one. Never everybody."""
    return [f"U{user}" for user in bench.users(_addresses(change)) or [bench.setup.owner]]


def _addresses(change: PortalChange) -> Iterable[str]:
    return cast(Iterable[str], change.facts["readers"])
