-- What happens to access without anybody doing it: grants end, and break-glass access is used. Each is noted once, with its audit event.

create table noted_endings (
  org_uid uid not null references orgs on delete cascade,
  grant_uid text not null,
  -- A grant that is made again under its uid ends again.
  expires_at timestamptz not null,
  noted_at timestamptz not null default now(),
  primary key (org_uid, grant_uid, expires_at)
);
alter table noted_endings enable row level security;
alter table noted_endings force row level security;
create policy org_only on noted_endings to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
grant select, insert, update, delete on noted_endings to gatehouse_app;

create index grants_ending on grants (expires_at) where expires_at is not null;

-- Requests that a break-glass access allowed, as far as they are noted.
alter table break_glass add column used int not null default 0 check (used >= 0);

create policy lookups on grants to gatehouse_definer using (true);
create policy lookups on noted_endings to gatehouse_definer using (true);
create policy lookups on break_glass to gatehouse_definer using (true);
grant select (org_uid, uid, expires_at) on grants to gatehouse_definer;
grant select on noted_endings to gatehouse_definer;
grant select (org_uid, expires_at, closed_at) on break_glass to gatehouse_definer;

-- Orgs in which a grant has ended that is not noted yet, or break-glass access is open or was until a moment ago.
create function orgs_with_endings() returns setof text
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select g.org_uid::text from public.grants g
      where g.expires_at <= now() and g.expires_at > now() - interval '7 days' and not exists (
        select from public.noted_endings n
        where n.org_uid = g.org_uid and n.grant_uid = g.uid and n.expires_at = g.expires_at)
    union
    select b.org_uid::text from public.break_glass b
      where coalesce(b.closed_at, b.expires_at) > now() - interval '10 minutes'
  $$;

do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  -- Only a member of a role may give it a function; the membership ends with this block.
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  -- Notices are settled within their org now.
  drop function settle_notice(text, text, text);
  alter function orgs_with_endings() owner to gatehouse_definer;
  revoke execute on function orgs_with_endings() from public;
  grant execute on function orgs_with_endings() to gatehouse_app;
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
