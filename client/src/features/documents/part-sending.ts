// Sends the parts of a file that the server does not have yet, two at a time. The file is sliced and never held in memory.
import { sendPart } from "@/lib/parts";
import type { Upload } from "@/lib/wire";

const AT_ONCE = 2;

interface Listening {
  signal: AbortSignal;
  /** Bytes that are there or on their way, of the whole file. */
  onProgress: (sent: number) => void;
  /** A part has arrived: the upload as the server has it now. */
  onArrived: (upload: Upload) => void;
}

/** Resolves when every part is there. At the first failure the other part is given up and the reason thrown. */
export async function sendMissingParts(file: File, upload: Upload, { signal, onProgress, onArrived }: Listening): Promise<Upload> {
  const missing = missingParts(upload);
  const received = new Set(upload.received);
  const underWay = new Map<number, number>();
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  let latest = upload;
  const report = () => onProgress(receivedBytes({ ...upload, received: [...received] }) + [...underWay.values()].reduce((sum, sent) => sum + sent, 0));

  async function sendNext(): Promise<void> {
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      const mine = number;
      const content = file.slice((mine - 1) * upload.part_size_bytes, mine * upload.part_size_bytes);
      const stored = await sendPart(
        { uploadId: upload.id, number: mine, content },
        (sent) => {
          underWay.set(mine, Math.min(sent, content.size));
          report();
        },
        either,
      );
      underWay.delete(mine);
      received.add(mine);
      latest = { ...stored, received: [...received].sort((a, b) => a - b) };
      onArrived(latest);
      report();
    }
  }

  report();
  const senders = Array.from({ length: AT_ONCE }, () => sendNext());
  try {
    await Promise.all(senders);
  } catch (error) {
    own.abort();
    await Promise.allSettled(senders);
    throw error;
  }
  return latest;
}

/** Numbers of the parts that have not arrived, in order. */
export function missingParts({ size_bytes, part_size_bytes, received }: Upload): number[] {
  const there = new Set(received);
  return Array.from({ length: Math.ceil(size_bytes / part_size_bytes) }, (_, index) => index + 1).filter((number) => !there.has(number));
}

export function receivedBytes({ size_bytes, part_size_bytes, received }: Upload): number {
  const last = Math.ceil(size_bytes / part_size_bytes);
  return received.reduce((sum, number) => sum + (number === last ? size_bytes - (last - 1) * part_size_bytes : part_size_bytes), 0);
}
