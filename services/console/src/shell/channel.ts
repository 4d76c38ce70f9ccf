/** Tells the other tabs that somebody signed in, and who if that is known. */
export const signedInChannel = 'gatehouse.signed-in'

/** What is told: the uid of whoever is signed in; undefined when a tab only saw the sign-in end. */
export interface SignedInMessage {
  readonly uid?: string
}
