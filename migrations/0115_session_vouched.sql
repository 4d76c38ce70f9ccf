-- When a session ends because its identity provider does not answer is told, too.
do $$
declare
  lent boolean := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
begin
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;

  drop function session_ends(text);
  create function session_ends(wanted text)
    returns table (uid text, idle_ends_at timestamptz, ends_at timestamptz, vouched_until timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $f$
    select s.uid, s.last_seen_at + s.idle_timeout, s.expires_at,
      -- Until it is due, the next answer is to be expected in time.
      case when s.checked_at + s.check_every <= now() then s.checked_at + s.check_within end
    from public.sessions s join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled and public.session_end(s) > now()
  $f$;
  alter function session_ends(text) owner to gatehouse_definer;
  revoke execute on function session_ends(text) from public;
  grant execute on function session_ends(text) to gatehouse_app;

  revoke create on schema public from gatehouse_definer;
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
