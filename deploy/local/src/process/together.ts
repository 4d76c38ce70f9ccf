/**
 * As `Promise.all`, but when one fails, waits for the others to settle before it throws: nothing is started behind the back of
 * the clean-up that follows.
 */
export async function together<T extends readonly unknown[] | []>(
  parts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(parts)
  return Promise.all(parts)
}
