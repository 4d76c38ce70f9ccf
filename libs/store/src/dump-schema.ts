import pg from 'pg'

interface Line {
  readonly line: string
}

// The migrating role is called differently everywhere.
const grantee = `case when x.grantee = 0 then 'public' when x.grantee::regrole::text like 'gatehouse%' then x.grantee::regrole::text
         else 'the migrating role' end`

// Each section gives one text per row, already in a stable order. NOT NULL and defaults stand with their column, so the
// NOT NULL constraints that Postgres 18 lists by themselves are left out, as are privileges of the owner.
const sections: readonly (readonly [title: string, sql: string])[] = [
  [
    'Roles',
    `select format('role %s: login=%s superuser=%s bypassrls=%s createrole=%s createdb=%s',
       rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb) as line
     from pg_roles where rolname in ('gatehouse_app', 'gatehouse_definer') order by rolname`,
  ],
  [
    'Domains',
    `select format('domain %s as %s %s', t.typname, format_type(t.typbasetype, t.typtypmod), pg_get_constraintdef(c.oid)) as line
     from pg_type t left join pg_constraint c on c.contypid = t.oid and c.contype = 'c'
     where t.typtype = 'd' and t.typnamespace = 'public'::regnamespace order by 1`,
  ],
  [
    'Tables',
    `select format('table %s%s%s (%s)', c.relname,
       case when p.partstrat is not null then ' partitioned by ' || pg_get_partkeydef(c.oid) else '' end,
       case when c.relrowsecurity then case when c.relforcerowsecurity then ' [row security forced]' else ' [row security]' end else '' end,
       string_agg(format(E'\\n  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
         case when a.attnotnull then ' not null' else '' end,
         coalesce(case when a.attgenerated = 's' then ' generated always as ' else ' default ' end || pg_get_expr(d.adbin, d.adrelid), '')),
         ',' order by a.attnum) || E'\\n') as line
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     left join pg_partitioned_table p on p.partrelid = c.oid
     where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
     group by c.oid, c.relname, p.partstrat order by c.relname`,
  ],
  [
    'Constraints',
    `select format('constraint on %s: %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as line
     from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
       and conrelid not in (select oid from pg_class where relispartition) and contype <> 't'
     order by conrelid::regclass::text, conname`,
  ],
  [
    'Indexes',
    `select indexdef as line from pg_indexes i join pg_class c on c.relname = i.indexname and c.relnamespace = 'public'::regnamespace
     where schemaname = 'public' and not c.relispartition order by tablename, indexname`,
  ],
  [
    'Row-level security',
    `select format('policy %s on %s for %s to %s using (%s)%s', policyname, tablename, cmd,
       (select string_agg(case when r::text like 'gatehouse%' or r = 'public' then r::text else 'the migrating role' end, ', ') from unnest(roles) r),
       qual, ' with check (' || with_check || ')') as line
     from pg_policies where schemaname = 'public' order by tablename, policyname`,
  ],
  [
    'Functions',
    `select format(E'%s\\n-- owner %s', pg_get_functiondef(p.oid),
       case when pg_get_userbyid(p.proowner) like 'gatehouse%' then pg_get_userbyid(p.proowner) else 'the migrating role' end) as line
     from pg_proc p where pronamespace = 'public'::regnamespace order by proname, pg_get_function_identity_arguments(p.oid)`,
  ],
  [
    'Views',
    `select format('view %s%s as%s', c.oid::regclass, case when 'security_invoker=true' = any (c.reloptions) then ' [as its reader]' else '' end,
       E'\\n' || pg_get_viewdef(c.oid)) as line
     from pg_class c where c.relkind = 'v' and c.relnamespace = 'public'::regnamespace order by 1`,
  ],
  [
    'Triggers',
    `select pg_get_triggerdef(t.oid) as line from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where not tgisinternal and c.relnamespace = 'public'::regnamespace and not c.relispartition order by c.relname, tgname`,
  ],
  [
    'Privileges',
    `select format('grant %s on table %s to %s', string_agg(x.privilege_type, ', ' order by x.privilege_type), c.relname,
       ${grantee}) as line
     from pg_class c, aclexplode(c.relacl) x
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'S') and x.grantee <> c.relowner
       and not c.relispartition
     group by c.relname, x.grantee
     union all
     select format('grant %s (%s) on table %s to %s', x.privilege_type, string_agg(a.attname, ', ' order by a.attname), c.relname,
       ${grantee})
     from pg_class c join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) x
     where c.relnamespace = 'public'::regnamespace and not c.relispartition
     group by c.relname, x.grantee, x.privilege_type
     union all
     select format('grant %s on function %s to %s', x.privilege_type, p.oid::regprocedure,
       ${grantee})
     from pg_proc p, aclexplode(p.proacl) x
     where p.pronamespace = 'public'::regnamespace and x.grantee <> p.proowner
     order by 1`,
  ],
]

/**
 * The schema of a migrated database as text, in a stable order whatever the server's version (15 or later).
 * @param url Postgres URL of a role that may read the catalogs; any may.
 */
export async function dumpSchema(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let text =
      '-- What the migrations make, read back from the server by `npm run golden`. Not for execution.\n'
    for (const [title, sql] of sections) {
      const { rows } = await client.query<Line>(sql)
      text += `\n-- ${title}\n\n${rows.map(({ line }) => `${line.trimEnd()};\n`).join('')}`
    }
    return text
  } finally {
    await client.end()
  }
}
