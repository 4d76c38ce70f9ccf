/** What is said when nothing is asked because nothing could match. */
export const contradiction =
  'no series you may see can match: the selectors contradict what your grants admit'
