// The service's metrics page, read for what is told of each feed.

const SAMPLE = /^(\w+)\{([^}]*)\} (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Samples of a Prometheus page: [{ name, labels, value }]. */
export function samples(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const match = SAMPLE.exec(line);
    if (!match) continue;
    const labels = Object.fromEntries([...match[2].matchAll(LABEL)].map(([, name, value]) => [name, value]));
    found.push({ name: match[1], labels, value: Number(match[3]) });
  }
  return found;
}

/** Counts of one feed: { events, waiting, rejected: {reason: n} }. */
export function feedCounts(all, feed) {
  const of = (name) => all.filter((one) => one.name === `liquidstream_${name}`);
  const sum = (list) => list.reduce((total, { value }) => total + value, 0);
  const mine = ({ labels }) => labels.feed === feed.name;
  return {
    events: sum(of("events_total").filter(mine)),
    waiting: sum(of("records_waiting").filter(({ labels }) => feed.topics.includes(labels.topic))),
    rejected: Object.fromEntries(of("records_rejected_total").filter(mine).map(({ labels, value }) => [labels.reason, value])),
  };
}
