import type { ControlAnswer, ControlWorld } from './control-world.ts'

/** What a change did where its event could not be written, and where it could. */
export interface Tried {
  readonly operation: string
  /** Without room for its event: the answer's status, and tables whose rows were changed all the same. */
  readonly refused: { readonly status: number; readonly changed: readonly string[] }
  /** With room: tables whose rows were changed, and the events that were written with them. */
  readonly done: {
    readonly status: number
    readonly changed: readonly string[]
    readonly recorded: readonly number[]
  }
}

/** Tries every change twice: first in a database that refuses its event. */
export interface RoomForEvents {
  readonly tried: readonly Tried[]
  /** Runs `send` without room for events, then with it; the second answer. */
  both(operation: string, send: () => Promise<ControlAnswer>): Promise<ControlAnswer>
}

// Where processes keep what they do by themselves, and events.
const ofProcesses = '^(audit_(?!views|exports|verification_jobs)|notices|_|schema_)'
const times = `- 'last_used_at' - 'last_seen_at'`

/** Makes a database that can refuse the events of changes. */
export async function createRoomForEvents({ sql }: ControlWorld): Promise<RoomForEvents> {
  await sql('create table _room (is_full boolean not null); insert into _room values (false)')
  await sql(`create function refuse_event() returns trigger language plpgsql security definer as $$
    begin
      if new.writer = 'store' and (select is_full from public._room) then raise exception 'no room' using errcode = '53100'; end if;
      return new;
    end $$`)
  await sql(
    'create trigger refuse before insert on audit_events for each row execute function refuse_event()',
  )
  const tables = await sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
       and relname !~ $1 order by 1`,
    [ofProcesses],
  )
  const sums = tables.map(
    ({ name }) =>
      `select '${name}' as name, (select md5(string_agg(t, ',' order by t)) from (select (to_jsonb(r) ${times})::text as t from ${name} r) x) as sum`,
  )
  const look = async (): Promise<ReadonlyMap<string, string>> =>
    new Map(
      (await sql<{ name: string; sum: string }>(sums.join(' union all '))).map(({ name, sum }) => [
        name,
        sum,
      ]),
    )
  const changedBy = async (send: () => Promise<ControlAnswer>) => {
    const before = await look()
    const answer = await send()
    const after = await look()
    return { answer, changed: [...after.keys()].filter((name) => before.get(name) !== after.get(name)) }
  }
  const tried: Tried[] = []
  return {
    tried,
    async both(operation, send) {
      await sql('update _room set is_full = true')
      const refused = await changedBy(send)
      await sql('update _room set is_full = false')
      const { answer, changed } = await changedBy(send)
      const events = await sql<{ status: number }>(
        `select (event #>> '{outcome,httpStatus}')::int as status from audit_events where event ->> 'requestId' = $1 and writer = 'store'`,
        [answer.requestId],
      )
      const recorded = events.map(({ status }) => status)
      tried.push({
        operation,
        refused: { status: refused.answer.status, changed: refused.changed },
        done: { status: answer.status, changed, recorded },
      })
      return answer
    },
  }
}
