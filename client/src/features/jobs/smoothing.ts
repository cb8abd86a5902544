// Smoothing of a noisy curve: an exponential moving average that knows how far apart the steps are and starts without bias,
// so that a curve with gaps is smoothed the same as one without.

/** `weight` is 0 (as measured) to just under 1. Absent values stay absent. `steps` rise. */
export function smooth(steps: readonly number[], values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  const spacing = typicalSpacing(steps);
  let sum = 0;
  let total = 0;
  let last: number | null = null;
  return values.map((value, index) => {
    if (value === null) return null;
    const step = steps[index] ?? 0;
    const kept: number = last === null ? 0 : weight ** ((step - last) / spacing);
    last = step;
    sum = sum * kept + value * (1 - weight);
    total = total * kept + (1 - weight);
    return sum / total;
  });
}

function typicalSpacing(steps: readonly number[]): number {
  const first = steps[0];
  const last = steps.at(-1);
  if (first === undefined || last === undefined || last === first) return 1;
  return (last - first) / (steps.length - 1);
}
