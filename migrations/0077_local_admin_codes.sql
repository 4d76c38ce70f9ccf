-- One-time codes with which somebody at the machine signs in as an org's local administrator while no identity provider can be had.

create table local_admin_codes (
  org_uid uid not null references orgs on delete cascade,
  -- SHA-256 of the code, lower-case hex.
  hash text not null primary key check (hash ~ '^[0-9a-f]{64}$'),
  -- Who made it: the account on the machine.
  made_by text not null check (length(made_by) between 1 and 200),
  reason text not null check (length(reason) between 10 and 500),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index local_admin_codes_org on local_admin_codes (org_uid);

alter table local_admin_codes enable row level security;
create policy org_only on local_admin_codes to gatehouse_app using (org_uid = app_org()) with check (org_uid = app_org());
create policy lookups on local_admin_codes to gatehouse_definer using (true) with check (true);
grant select, insert, delete on local_admin_codes to gatehouse_app;
grant select, delete on local_admin_codes to gatehouse_definer;

-- Whoever presents a code has used it up, also of two at the same moment.
create function take_local_admin_code(wanted text) returns table (org_uid text, made_by text, reason text)
  language sql security definer set search_path = pg_catalog, pg_temp
  as $$
    delete from public.local_admin_codes c where c.hash = wanted and c.expires_at > now()
    returning c.org_uid, c.made_by, c.reason
  $$;

do $$
declare
  f regprocedure := 'take_local_admin_code(text)';
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  execute format('alter function %s owner to gatehouse_definer', f);
  execute format('revoke execute on function %s from public', f);
  execute format('grant execute on function %s to gatehouse_app', f);
  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
