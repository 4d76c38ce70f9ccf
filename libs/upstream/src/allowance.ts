/** Extra requests that may be made: a share of the ordinary ones, and a few to begin with. */
export interface Allowance {
  /** Notes an ordinary request. */
  earn(): void
  /** Whether one extra request may be made now; it is taken off. */
  take(): boolean
}

const share = 0.1
const most = 10

/** Creates an allowance of a tenth of the ordinary requests, and ten at once. */
export function createAllowance(): Allowance {
  let left = most
  return {
    earn() {
      left = Math.min(most, left + share)
    },
    take() {
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
