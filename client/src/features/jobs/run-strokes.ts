// How the runs of a comparison are drawn: each its colour, and from the fifth on dashed, so that no two are told apart by hue alone.

const SOLID = 4;

export function strokeOf(index: number): { token: string; dash: number[] | undefined } {
  return { token: `--run-${(index % 8) + 1}`, dash: index < SOLID ? undefined : [7, 4] };
}
