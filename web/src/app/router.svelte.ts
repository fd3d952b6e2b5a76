// Addresses to screens, over the History API. The server answers every address that is not the
// API's or a file's with index.html.
import type { FeedKind } from "../api/types";

export type Route =
  | { screen: "feed"; feed: FeedKind }
  | { screen: "upload" }
  | { screen: "me" }
  | { screen: "your_feed" }
  | { screen: "operation" }
  | { screen: "profile"; handle: string }
  | { screen: "video"; id: string }
  | { screen: "nowhere" };

export function parse_route(path: string): Route {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second] = parts;
  if (first === undefined) return { screen: "feed", feed: "for_you" };
  if (parts.length === 1) {
    if (first === "latest" || first === "following") return { screen: "feed", feed: first };
    if (first === "upload" || first === "me" || first === "operation") return { screen: first };
    if (first.startsWith("@") && first.length > 1) {
      return { screen: "profile", handle: decode(first.slice(1)) };
    }
  }
  if (parts.length === 2 && first === "me" && second === "feed") return { screen: "your_feed" };
  if (parts.length === 2 && first === "v" && second) return { screen: "video", id: decode(second) };
  return { screen: "nowhere" };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const paths = {
  feed: (feed: FeedKind) => (feed === "for_you" ? "/" : `/${feed}`),
  upload: "/upload",
  me: "/me",
  your_feed: "/me/feed",
  operation: "/operation",
  profile: (handle: string) => `/@${encodeURIComponent(handle)}`,
  video: (id: string) => `/v/${encodeURIComponent(id)}`,
};

class Router {
  path = $state(location.pathname);
  route = $derived(parse_route(this.path));

  constructor() {
    addEventListener("popstate", () => (this.path = location.pathname));
    document.addEventListener("click", (event) => this.#on_click(event));
  }

  go(path: string): void {
    if (path === location.pathname) return;
    history.pushState(null, "", path);
    this.path = path;
  }

  /** Plain clicks on links of this site stay in the page. */
  #on_click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) {
      return;
    }
    if (parse_route(link.pathname).screen === "nowhere" || link.hash) return;
    event.preventDefault();
    this.go(link.pathname);
  }
}

export const router = new Router();
