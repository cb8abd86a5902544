// A request as the person who is signed in. A refusal for an old token is answered by one refresh and one more try.
import { ApiError } from "@/lib/errors";
import { send, type RequestOptions } from "@/lib/http";
import { session } from "@/lib/session";

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const token = await session.accessToken();
  try {
    return await send<T>(path, withToken(options, token));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || token === null) throw error;
    session.refused(error);
    await session.refresh(token);
    const fresh = await session.accessToken();
    if (fresh === null) throw error;
    return send<T>(path, withToken(options, fresh));
  }
}

function withToken(options: RequestOptions, token: string | null): RequestOptions {
  return token === null ? options : { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } };
}

/** A path with its query; what is undefined, null or empty is left out. */
export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (pairs.length === 0) return path;
  return `${path}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}
