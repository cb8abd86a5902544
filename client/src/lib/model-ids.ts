/** Whether an id is a tuned model's; all others are of the catalogue. */
export function isTunedId(id: string): boolean {
  return id.startsWith("ft:");
}
