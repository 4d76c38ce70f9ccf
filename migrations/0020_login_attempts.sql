-- Sign-ins under way: begun in a browser tab, finished by one callback of the identity provider within minutes.
-- They belong to no org yet, so there is no row-level security; a row is found only by the hash of a secret `state`.

create table login_attempts (
  -- SHA-256 of the state parameter, lower-case hex.
  state_hash text primary key check (state_hash ~ '^[0-9a-f]{64}$'),
  -- SHA-256 of the pre-login cookie: the callback must come from the browser that began.
  browser_hash text not null check (browser_hash ~ '^[0-9a-f]{64}$'),
  issuer_name text not null check (length(issuer_name) <= 100),
  nonce text not null check (length(nonce) <= 200),
  code_verifier text not null check (length(code_verifier) <= 200),
  return_to text not null check (return_to ~ '^/' and length(return_to) <= 2000),
  expires_at timestamptz not null
);
create index login_attempts_expires on login_attempts (expires_at);

grant select, insert, delete on login_attempts to gatehouse_app;
