"""The Live Feed: posts, their readers, comments (Bitrix24 REST: log)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, whole
from mailflow.office.bitrix24.drive import Drive
from mailflow.office.bitrix24.envelope import Listed
from mailflow.office.bitrix24.refusal import Refusal, required

_ADD_ERROR = "SONET_CONTROLLER_LIVEFEED_BLOGPOST_ADD_ERROR"
_READER = re.compile(r"U\d+|SG\d+|DR\d+|UA")
_MOST = 100


class Feed:
    """What people read."""

    def __init__(self, desk: Desk, drive: Drive) -> None:
        self._desk = desk
        self._drive = drive
        self.posts: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "log.blogpost.add": ("log", self._add),
            "log.blogpost.get": ("log", self._get),
            "log.blogpost.update": ("log", self._update),
            "log.blogpost.share": ("log", self._share),
            "log.blogpost.delete": ("log", self._delete),
            "log.blogcomment.add": ("log", self._comment),
            "log.blogcomment.user.get": ("log", self._comments_of),
        }

    def _add(self, params: dict[str, Any], owner: int) -> int:
        if not str(params.get("POST_MESSAGE") or "").strip():
            raise Refusal(_ADD_ERROR, "The text is empty")
        dest = params.get("DEST", params.get("SPERM", ["UA"]))
        if not isinstance(dest, list) or not dest or not all(_READER.fullmatch(str(d)) for d in dest):
            raise Refusal(_ADD_ERROR, "The destination is wrong")
        files = params.get("UF_BLOG_POST_FILE") or []
        if not all(re.fullmatch(r"n\d+", str(f)) and self._drive.has(int(str(f)[1:])) for f in files):
            raise Refusal(_ADD_ERROR, "A file is not on the Drive")
        post: dict[str, Any] = {
            "id": self._desk.new_id(),
            "title": str(params.get("POST_TITLE") or ""),
            "message": str(params["POST_MESSAGE"]),
            "dest": [str(d) for d in dest],
            "files": [int(str(f)[1:]) for f in files],
            "author": owner,
            "at": self._desk.now(),
        }
        self.posts.append(post)
        self._desk.note("post", post["title"], post["message"])
        return int(post["id"])

    def _get(self, params: dict[str, Any], owner: int) -> Listed:
        posts = self.posts
        if "POST_ID" in params:
            posts = [p for p in posts if p["id"] == whole(params["POST_ID"])]
        if "LOG_RIGHTS" in params:
            rights = params["LOG_RIGHTS"] if isinstance(params["LOG_RIGHTS"], list) else [params["LOG_RIGHTS"]]
            posts = [p for p in posts if set(map(str, rights)) & set(p["dest"])]
        if params.get("LOG_DATE_FROM"):
            since = datetime.fromisoformat(str(params["LOG_DATE_FROM"]))
            posts = [p for p in posts if datetime.fromisoformat(p["at"]) >= since]
        return Listed([self._row(p) for p in posts], params.get("start"))

    def _row(self, post: dict[str, Any]) -> dict[str, Any]:
        comments = sum(c["post_id"] == post["id"] for c in self.comments)
        return {
            "ID": str(post["id"]),
            "TITLE": post["title"],
            "DETAIL_TEXT": post["message"],
            "AUTHOR_ID": str(post["author"]),
            "DATE_PUBLISH": post["at"],
            "PUBLISH_STATUS": "P",
            "NUM_COMMENTS": str(comments),
        }

    def _update(self, params: dict[str, Any], owner: int) -> int:
        """A message alone drops the title."""
        post = self._found(params)
        if not (params.get("POST_TITLE") or params.get("POST_MESSAGE")):
            raise Refusal("EMPTY_TITLE", "Neither title nor text")
        post["title"] = str(params.get("POST_TITLE") or "")
        post["message"] = str(params.get("POST_MESSAGE") or post["message"])
        return int(post["id"])

    def _share(self, params: dict[str, Any], owner: int) -> bool:
        post = self._found(params)
        required(params, "DEST", error="")
        more = params["DEST"] if isinstance(params["DEST"], list) else [params["DEST"]]
        if not all(_READER.fullmatch(str(d)) for d in more):
            raise Refusal("", "The destination is wrong")
        post["dest"] = list(dict.fromkeys([*post["dest"], *map(str, more)]))
        return True

    def _delete(self, params: dict[str, Any], owner: int) -> bool:
        self.posts.remove(self._found(params))
        return True

    def _comment(self, params: dict[str, Any], owner: int) -> int:
        post = self._found(params)
        text = str(params.get("TEXT") or "")
        if not text.strip():
            raise Refusal("", "Empty comment")
        if any((c["post_id"], c["text"], c["author"]) == (post["id"], text, owner) for c in self.comments):
            raise Refusal("", "Duplicate comment")
        comment: dict[str, Any] = {
            "id": self._desk.new_id(),
            "post_id": post["id"],
            "text": text,
            "author": owner,
            "at": self._desk.now(),
        }
        self.comments.append(comment)
        self._desk.note("comment", text)
        return int(comment["id"])

    def _comments_of(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        user = whole(params.get("USER_ID"), owner)
        limit = min(whole(params.get("LIMIT"), _MOST), _MOST)
        mine = [c for c in reversed(self.comments) if c["author"] == user][:limit]
        rows = [
            {
                "id": str(c["id"]),
                "comment_id": str(c["id"]),
                "log_id": str(c["post_id"]),
                "date": c["at"],
                "text": c["text"] if user == owner else "",
                "attach": [],
            }
            for c in mine
        ]
        return {"comments": rows, "files": {}}

    def _found(self, params: dict[str, Any]) -> dict[str, Any]:
        found = next((p for p in self.posts if p["id"] == whole(params.get("POST_ID"))), None)
        if found is None:
            raise Refusal("", "The post is not found")
        return found
