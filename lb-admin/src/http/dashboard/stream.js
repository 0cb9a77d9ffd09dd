// The one connection that feeds the page: what has happened, then the state once a second. It breaks whenever the
// balancer or the network does; then the page says since when it is stale and connects again, going on after the last
// event that it has seen. The balancer bounds the life of a connection, so a break alone is no news: silence is.

const SILENCE_MS = 2500;
const AGAIN_MS = 500;

/** Calls `on.state(document)`, `on.change(event)`, and `on.stale(since | null)` for ever. */
export function follow(on) {
  let source = null;
  let last = null;
  let heard = Date.now();
  let stale = false;

  const connect = () => {
    source = new EventSource(`/v1/events?state=true${last == null ? "" : `&after=${last}`}`);
    source.addEventListener("state", (message) => {
      heard = Date.now();
      const wasStale = stale;
      stale = false;
      on.state(JSON.parse(message.data), wasStale);
      on.stale(null);
    });
    source.addEventListener("change", (message) => {
      const event = JSON.parse(message.data);
      last = event.id;
      on.change(event);
    });
    // Ours is the only way back: a browser waits for seconds, and not at all after some answers.
    source.onerror = () => {
      source.close();
      setTimeout(connect, AGAIN_MS);
    };
  };

  setInterval(() => {
    if (Date.now() - heard < SILENCE_MS) return;
    stale = true;
    on.stale(heard);
  }, 250);

  return {
    begin(after) {
      last = after;
      connect();
    },
    /** A balancer that began anew counts its events from 1 again. */
    restart(after) {
      source.close();
      this.begin(after);
    },
  };
}
