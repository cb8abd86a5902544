// Keeps a scrolled box at its end while new lines come, until somebody scrolls up to read.
import { useCallback, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 32;

export function useFollowTail<E extends HTMLElement>(content: unknown) {
  const ref = useRef<E>(null);
  const lastTop = useRef(0);
  const [following, setFollowing] = useState(true);

  const jump = useCallback(() => {
    if (!ref.current) return;
    ref.current.scrollTop = ref.current.scrollHeight;
    lastTop.current = ref.current.scrollTop;
  }, []);

  const toEnd = useCallback(() => {
    jump();
    setFollowing(true);
  }, [jump]);

  const onScroll = useCallback(() => {
    const box = ref.current;
    if (!box) return;
    // Lines that turn out higher than thought also move the end away; only who scrolls up wants to stay.
    const up = box.scrollTop < lastTop.current;
    lastTop.current = box.scrollTop;
    if (box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_PX) setFollowing(true);
    else if (up) setFollowing(false);
  }, []);

  useLayoutEffect(() => {
    if (following) jump();
  }, [content, following, jump]);

  return { ref, following, onScroll, toEnd };
}
