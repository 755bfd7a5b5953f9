import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION core.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
      -- After a SET LOCAL has ended, the setting is '' and not NULL.
      AS $$ SELECT nullif(current_setting('keyrack.tenant_id', true), '')::uuid $$;

    CREATE TABLE core.outbox (
      job_id uuid PRIMARY KEY,
      job text NOT NULL,
      queue text NOT NULL GENERATED ALWAYS AS (split_part(job, '.', 1)) STORED,
      tenant_id uuid,
      payload jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      run_at timestamptz NOT NULL DEFAULT now(),
      queued_at timestamptz,
      attempts integer NOT NULL DEFAULT 0, -- how often it was taken; fences a worker that lost it
      failures integer NOT NULL DEFAULT 0, -- how often it failed; too often, and it is dead
      lease_until timestamptz,
      dead_at timestamptz,
      last_error text
    );
    COMMENT ON TABLE core.outbox IS 'Jobs that are not done. The row is the truth; a queue entry is a wake-up call for it.';
    CREATE INDEX outbox_unqueued ON core.outbox (job_id) WHERE queued_at IS NULL AND dead_at IS NULL;
    CREATE INDEX outbox_queued ON core.outbox (queued_at) WHERE dead_at IS NULL;
    CREATE INDEX outbox_dead ON core.outbox (dead_at) WHERE dead_at IS NOT NULL;

    CREATE FUNCTION core.announce_job() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN PERFORM pg_notify('keyrack_outbox', ''); RETURN NULL; END $$;
    CREATE TRIGGER announce AFTER INSERT ON core.outbox FOR EACH STATEMENT EXECUTE FUNCTION core.announce_job();

    CREATE TABLE core.job_permissions (
      role_name text NOT NULL,
      job text NOT NULL,
      PRIMARY KEY (role_name, job)
    );
    COMMENT ON TABLE core.job_permissions IS 'Which role may enqueue which job. Made from the manifests.';
    CREATE TABLE core.queue_owners (
      role_name text NOT NULL,
      queue text NOT NULL,
      PRIMARY KEY (role_name, queue)
    );
    COMMENT ON TABLE core.queue_owners IS 'Which role works which queue. Made from the manifests.';

    ALTER TABLE core.outbox ENABLE ROW LEVEL SECURITY;
    CREATE POLICY may_enqueue ON core.outbox FOR INSERT WITH CHECK (
      tenant_id IS NOT DISTINCT FROM core.tenant_id()
      AND EXISTS (SELECT FROM core.job_permissions p WHERE p.role_name = current_user AND p.job = outbox.job)
    );
    CREATE POLICY works_queue ON core.outbox USING (
      tenant_id IS NOT DISTINCT FROM core.tenant_id()
      AND EXISTS (SELECT FROM core.queue_owners o WHERE o.role_name = current_user AND o.queue = outbox.queue)
    ) WITH CHECK (false);
    CREATE POLICY core_work ON core.outbox TO keyrack_core USING (true) WITH CHECK (true);

    CREATE TABLE core.idempotency_keys (
      tenant_id uuid NOT NULL,
      actor_id uuid NOT NULL,
      key text NOT NULL,
      request_hash bytea NOT NULL,
      status integer NOT NULL,
      headers jsonb NOT NULL,
      body text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, actor_id, key)
    );
    CREATE INDEX idempotency_keys_age ON core.idempotency_keys (created_at);
    ALTER TABLE core.idempotency_keys ENABLE ROW LEVEL SECURITY;
    -- Requests without a tenant (a sign-up) share the nil UUID.
    CREATE POLICY tenant_wall ON core.idempotency_keys
      USING (tenant_id = coalesce(core.tenant_id(), '00000000-0000-0000-0000-000000000000'))
      WITH CHECK (tenant_id = coalesce(core.tenant_id(), '00000000-0000-0000-0000-000000000000'));
    CREATE POLICY core_work ON core.idempotency_keys TO keyrack_core USING (true) WITH CHECK (true);

    -- The shape that rate-limiter-flexible reads and writes.
    CREATE TABLE core.rate_limits (
      key varchar(255) PRIMARY KEY,
      points integer NOT NULL DEFAULT 0,
      expire bigint
    );
  `);
}
