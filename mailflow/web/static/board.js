// The latest news of an open page, every half minute while somebody can see it. Without this the page works all the same.
"use strict";
const live = document.getElementById("live");
if (live) {
  setInterval(async () => {
    if (document.hidden || live.contains(document.activeElement)) return;
    try {
      const answer = await fetch(live.dataset.from, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const news = new DOMParser().parseFromString(await answer.text(), "text/html");
      live.replaceChildren(...news.body.childNodes);
    } catch {
      // away for a moment: the next time
    }
  }, 30000);
}
