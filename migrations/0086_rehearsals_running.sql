-- A rehearsal of a long past takes a while: it is kept from its start, with how far it has come.

alter table rehearsals
  alter column report drop not null,
  add column state text not null default 'done' check (state in ('running', 'done', 'failed')),
  -- Share of the period that was looked at, and the requests found in it.
  add column progress double precision not null default 1 check (progress between 0 and 1),
  add column requests bigint not null default 0,
  -- Whoever runs it says so; one that is silent for long was interrupted.
  add column alive_at timestamptz not null default now(),
  add column failure text check (length(failure) <= 500),
  -- Changes it was made for: [{"change": …, "by": …, "at": …}].
  add column attached_to jsonb not null default '[]',
  add constraint rehearsals_done check ((state = 'done') = (report is not null));
