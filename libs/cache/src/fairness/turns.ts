/** One that takes turns, with its place in virtual time. */
export interface Party {
  pass: number
}

/**
 * Weighted round robin by virtual time (stride scheduling): each turn moves a party on by 1/weight, and the one furthest back is
 * next. A party that was away joins at the present, so that it can neither save turns up nor be starved.
 */
export interface Round<P extends Party> {
  readonly parties: Map<string, P>
  present: number
}

export function newRound<P extends Party>(): Round<P> {
  return { parties: new Map(), present: 0 }
}

/** The party of that name; a new one is made at the present. */
export function partyOf<P extends Party>(round: Round<P>, name: string, make: (pass: number) => P): P {
  let party = round.parties.get(name)
  if (party === undefined) {
    party = make(round.present)
    round.parties.set(name, party)
  }
  return party
}

/** The party furthest back among those that may run. */
export function nextParty<P extends Party>(round: Round<P>, mayRun: (party: P) => boolean): P | undefined {
  let next: P | undefined
  for (const party of round.parties.values()) {
    if ((next === undefined || party.pass < next.pass) && mayRun(party)) next = party
  }
  return next
}

/** Counts a turn. */
export function countTurn<P extends Party>(round: Round<P>, party: P, weight: number): void {
  round.present = Math.max(round.present, party.pass)
  party.pass += 1 / weight
}
