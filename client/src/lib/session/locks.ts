// The browser's locks across tabs, and a stand-in where they are missing: browsers offer them on https and localhost only, and this
// product is also opened by the address of a machine in the house.
import { randomKey } from "@/lib/random";

/** Runs `work` while no other tab runs work under this name. `waited` says whether another tab held it first. */
export type Exclusive = (name: string, work: (waited: boolean) => Promise<void>) => Promise<void>;

export const exclusively: Exclusive = (name, work) =>
  "locks" in navigator ? withBrowserLock(navigator.locks, name, work) : withLease(name, work);

export async function withBrowserLock(locks: LockManager, name: string, work: (waited: boolean) => Promise<void>): Promise<void> {
  const free = await locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await work(false);
    return true;
  });
  if (!free) await locks.request(name, () => work(true));
}

const LEASE_MS = 10_000;
const TRY_EVERY_MS = 50;

/** A lease in localStorage: the last writer of a free lease owns it, and a crashed owner's lease runs out. */
async function withLease(name: string, work: (waited: boolean) => Promise<void>): Promise<void> {
  const key = `llm-tuner-lease:${name}`;
  const mine = randomKey();
  let waited = false;
  while (!(await lease(key, mine))) {
    waited = true;
    await pause(TRY_EVERY_MS);
  }
  try {
    await work(waited);
  } finally {
    if (ownerOf(key) === mine) localStorage.removeItem(key);
  }
}

async function lease(key: string, mine: string): Promise<boolean> {
  if (ownerOf(key) !== null) return false;
  localStorage.setItem(key, `${mine} ${Date.now() + LEASE_MS}`);
  await pause(10);
  return ownerOf(key) === mine;
}

function ownerOf(key: string): string | null {
  const [owner, until] = (localStorage.getItem(key) ?? "").split(" ");
  return owner && Number(until) > Date.now() ? owner : null;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
