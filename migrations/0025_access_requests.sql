-- Asking for access, break-glass access, and the notices both cause.

-- Places are named, not referenced: asking tells nothing about what exists, and a record outlives what it was about.
create table access_requests (
  org_uid uid not null,
  uid uid not null,
  user_uid uid not null,
  role text not null check (length(role) between 1 and 63),
  where_kind text not null check (where_kind in ('org', 'folder', 'data-source', 'dashboard')),
  where_uid uid not null,
  lasts_seconds int not null check (lasts_seconds > 0),
  reason text not null check (length(reason) between 1 and 500),
  status text not null default 'pending' check (status in ('pending', 'approved', 'denied', 'withdrawn')),
  created_at timestamptz not null default now(),
  decided_by text,
  decided_at timestamptz,
  note text not null default '' check (length(note) <= 500),
  grant_uid text,
  primary key (org_uid, uid),
  foreign key (org_uid, user_uid) references memberships on delete cascade,
  check ((status = 'pending') = (decided_at is null)),
  check ((status = 'approved') = (grant_uid is not null))
);
create index access_requests_open on access_requests (org_uid, created_at) where status = 'pending';

create table break_glass (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  opened_by uid not null,
  where_kind text not null check (where_kind in ('org', 'folder', 'data-source', 'dashboard')),
  where_uid uid not null,
  reason text not null check (length(reason) between 1 and 500),
  grant_uid text not null,
  opened_at timestamptz not null default now(),
  expires_at timestamptz not null,
  closed_at timestamptz,
  reviewed_by text,
  reviewed_at timestamptz,
  review_note text not null default '' check (length(review_note) <= 500),
  primary key (org_uid, uid),
  check (expires_at > opened_at),
  check ((reviewed_by is null) = (reviewed_at is null)),
  -- Whoever opened it does not review it.
  check (reviewed_by is null or reviewed_by <> opened_by)
);
create index break_glass_open on break_glass (org_uid, opened_at) where reviewed_at is null;

-- What is to be told outside, written together with what it tells of; sent until it is delivered.
create table notices (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  channel text not null check (channel in ('email', 'webhook')),
  target text not null check (length(target) between 1 and 500),
  message jsonb not null,
  attempts int not null default 0,
  next_at timestamptz not null default now(),
  delivered_at timestamptz,
  last_error text check (length(last_error) <= 500),
  created_at timestamptz not null default now(),
  primary key (org_uid, uid)
);
create index notices_due on notices (next_at) where delivered_at is null;

do $$
declare
  t text;
begin
  foreach t in array array['access_requests', 'break_glass', 'notices'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format(
      'create policy org_only on %I to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org())', t);
    execute format('grant select, insert, update, delete on %I to gatehouse_app', t);
  end loop;
end
$$;

create policy lookups on notices to gatehouse_definer using (true) with check (true);
grant select, update (attempts, next_at, delivered_at, last_error) on notices to gatehouse_definer;

-- Notices that are due, of all orgs, each given to one sender: it has until the next attempt to deliver. Attempts are 2 s, 4 s, … and at
-- last an hour apart; after three days nobody tries any more.
create function take_notices(at_most int)
  returns table (org_uid text, uid text, channel text, target text, message jsonb, attempts int)
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.notices n
      set attempts = n.attempts + 1, next_at = now() + least(interval '1 hour', interval '1 second' * 2 ^ least(n.attempts + 1, 12))
    from (
      select d.org_uid, d.uid from public.notices d
      where d.delivered_at is null and d.next_at <= now() and d.created_at > now() - interval '3 days'
      order by d.next_at limit at_most for update skip locked) due
    where n.org_uid = due.org_uid and n.uid = due.uid
    returning n.org_uid::text, n.uid::text, n.channel, n.target, n.message, n.attempts
  $$;

create function settle_notice(of_org text, of_uid text, failure text) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    update public.notices n
      set delivered_at = case when failure is null then now() end, last_error = left(failure, 500)
      where n.org_uid = of_org and n.uid = of_uid and n.delivered_at is null
  $$;

do $$
declare
  f regprocedure;
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  -- Only a member of a role may give it a function; the membership ends with this block.
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array['take_notices(int)', 'settle_notice(text, text, text)']::regprocedure[] loop
    execute format('alter function %s owner to gatehouse_definer', f);
    execute format('revoke execute on function %s from public', f);
  end loop;
  grant execute on function take_notices(int), settle_notice(text, text, text) to gatehouse_app;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
