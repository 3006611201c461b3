// The service's REST interface, as far as the dashboard needs it. All addresses are relative to the page.

const TIMEOUT_MS = 15000;

/** An answer that is not a success, with the title and detail of its problem+json. */
export class ApiError extends Error {
  constructor(status, title, detail) {
    super(detail ? `${title}: ${detail}` : title);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

async function ask(path, parameters, signal, said = null) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") query.append(name, one);
    }
  }
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const search = query.size ? `?${query}` : "";
  let response;
  try {
    const post = said && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(said) };
    response = await fetch(`${path}${search}`, { ...post, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error.name === "TimeoutError") throw new ApiError(0, "No answer", `The service said nothing for ${TIMEOUT_MS / 1000} s.`);
    throw new ApiError(0, "Cannot reach the service", "It may be starting, or stopped.");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.status, problem.title ?? response.statusText, problem.detail ?? "");
}

const get = async (path, parameters, signal) => (await ask(`v1/${path}`, parameters, signal)).json();

const series = (id) => `series/${encodeURIComponent(id)}`;

export const api = {
  stats: (signal) => get("stats", {}, signal),
  feeds: (signal) => get("feeds", {}, signal),
  list: (parameters, signal) => get("series", parameters, signal),
  series: (feed, id, signal) => get(series(id), { feed }, signal),
  scores: (feed, id, parameters, signal) => get(`${series(id)}/scores`, { feed, ...parameters }, signal),
  forecast: (feed, id, horizons, signal) => get(`${series(id)}/forecast`, { feed, horizon: horizons, level: [0.5, 0.8, 0.95] }, signal),
  alerts: (parameters, signal) => get("alerts", parameters, signal),
  explain: (parameters, signal) => get("explain", parameters, signal),
  feedback: async (said) => (await ask("v1/feedback", {}, undefined, said)).json(),
  drift: (feed, id, signal) => get("drift", { series: id, feed }, signal),
  metrics: async (signal) => (await ask("metrics", {}, signal)).text(),
};
