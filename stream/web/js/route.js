// The address bar holds the view: `#/series/flights/JFK.B6?span=6h`. A copied address shows the same thing elsewhere.

/** Parse a location hash into { page, feed?, series?, query: {name: text} }; unknown pages become the overview. */
export function parse(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  const [page, feed, ...rest] = path.split("/").map(decode);
  if (page === "series" && feed && rest.length) return { page, feed, series: rest.join("/"), query };
  if (page === "alerts" || page === "feeds") return { page, query };
  return { page: "overview", query };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hash of a view; empty query values are left out. */
export function format({ page, feed, series, query = {} }) {
  const path = page === "series" ? `series/${encodeURIComponent(feed)}/${encodeURIComponent(series)}` : page;
  const filled = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const search = new URLSearchParams(filled).toString();
  return `#/${page === "overview" ? "" : path}${search ? `?${search}` : ""}`;
}

export const seriesHref = (feed, series) => format({ page: "series", feed, series });

/** Change the query of the current view without a new entry in the browser's history. */
export function replaceQuery(changes) {
  const route = parse(location.hash);
  const hash = format({ ...route, query: { ...route.query, ...changes } });
  if (hash !== location.hash) history.replaceState(history.state, "", hash);
}
