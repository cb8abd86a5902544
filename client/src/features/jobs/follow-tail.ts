// Keeps a scrolled box at its end while new lines come, until somebody scrolls up to read.
import { useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 32;

export function useFollowTail<E extends HTMLElement>(content: unknown) {
  const ref = useRef<E>(null);
  const [following, setFollowing] = useState(true);

  const toEnd = useCallback(() => {
    if (ref.current) ref.current.scrollTop = ref.current.scrollHeight;
    setFollowing(true);
  }, []);

  const onScroll = useCallback(() => {
    const box = ref.current;
    if (box) setFollowing(box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_PX);
  }, []);

  useLayoutEffect(() => {
    if (following && ref.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [content, following]);

  return { ref, following, onScroll, toEnd };
}
