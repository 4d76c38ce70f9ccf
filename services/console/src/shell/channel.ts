/** Tells the other tabs that somebody signed in. */
export const signedInChannel = 'gatehouse.signed-in'
