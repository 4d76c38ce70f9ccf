/**
 * As `Promise.all`, but when one fails, waits for the others to settle before it throws: nothing is started behind the back of
 * the clean-up that follows.
 * @throws Error of the part that failed; of several, one with all their sentences, for any may be the cause of the others.
 */
export async function together<T extends readonly unknown[] | []>(
  parts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(parts)
  const reasons = settled.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : []))
  if (reasons.length > 1) throw new Error(reasons.map(sentence).join('; '), { cause: reasons[0] })
  return Promise.all(parts)
}

function sentence(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}
