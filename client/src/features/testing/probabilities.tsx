// How likely a model finds every possible score, as bars beside each other. The one that was expected is marked below.
import type { ItemResult } from "@/lib/wire";

const WIDTH = 120;
const HEIGHT = 28;
const MARK = 4;

interface ProbabilitiesProps {
  result: ItemResult;
  expected: string | null;
  of: string;
}

export function Probabilities({ result: { probabilities }, expected, of }: ProbabilitiesProps) {
  if (probabilities.length < 2) return null;
  const most = Math.max(...probabilities.map(({ probability }) => probability)) || 1;
  const each = WIDTH / probabilities.length;
  const gap = probabilities.length > 40 ? 0 : 1;
  const marked = probabilities.findIndex(({ text }) => text === expected);
  const likeliest = probabilities.reduce((best, one) => (one.probability > best.probability ? one : best));
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT + MARK}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${of}: finds ${likeliest.text} likeliest, with ${Math.round(likeliest.probability * 100)} per cent`}
      className="h-8 w-full max-w-36"
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} stroke="var(--line-strong)" strokeWidth="1" vectorEffect="non-scaling-stroke" />
      {probabilities.map(({ text, probability }, index) => {
        const height = (probability / most) * (HEIGHT - 1);
        return (
          <rect key={text} x={index * each + gap / 2} width={Math.max(0.5, each - gap)} y={HEIGHT - height} height={height} fill={index === marked ? "var(--good)" : "var(--accent)"}>
            <title>{`${text}: ${(probability * 100).toFixed(1)} %`}</title>
          </rect>
        );
      })}
      {marked >= 0 && <rect x={marked * each + gap / 2} width={Math.max(1, each - gap)} y={HEIGHT + 1} height={MARK - 1} fill="var(--good)" />}
    </svg>
  );
}
