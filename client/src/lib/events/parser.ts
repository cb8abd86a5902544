// Reads the text of an event stream piece by piece, as the HTML standard's section on server-sent events says.

export interface ServerEvent {
  /** The position that the stream can be continued from. */
  id: string;
  type: string;
  data: string;
}

export interface EventParser {
  /** The events that `text` completes. A piece may end anywhere, also within a line. */
  push(text: string): ServerEvent[];
}

export function createEventParser(): EventParser {
  let rest = "";
  let id = "";
  let type = "";
  let data: string[] = [];

  function field(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    // A line that begins with a colon is a heartbeat; other names are for others.
  }

  return {
    push(text) {
      const events: ServerEvent[] = [];
      // A carriage return at the very end may be the first half of a line's end.
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line !== "") {
          field(line);
          continue;
        }
        if (data.length > 0) events.push({ id, type: type || "message", data: data.join("\n") });
        type = "";
        data = [];
      }
      return events;
    },
  };
}
