// A server's event streams for tests: each connection is kept, so that a test can say something on it, break it or end it.
import { http, HttpResponse } from "msw";

export interface Connection {
  lastEventId: string | null;
  authorization: string | null;
  /** False once the page has let go of it. */
  open: boolean;
  say(text: string): void;
  /** One event, its data as JSON. */
  tell(type: string, id: number, data: unknown): void;
  close(): void;
  breakOff(): void;
}

export function streams(path: string): { connections: Connection[]; handler: ReturnType<typeof http.get> } {
  const connections: Connection[] = [];
  const handler = http.get(path, ({ request }) => {
    const encoder = new TextEncoder();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given), cancel: () => void (made.open = false) });
    const made: Connection = {
      lastEventId: request.headers.get("last-event-id"),
      authorization: request.headers.get("authorization"),
      open: true,
      say: (text) => controller.enqueue(encoder.encode(text)),
      tell: (type, id, data) => made.say(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`),
      close: () => controller.close(),
      breakOff: () => controller.error(new TypeError("The line broke.")),
    };
    request.signal.addEventListener("abort", () => (made.open = false));
    connections.push(made);
    return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
  });
  return { connections, handler };
}
