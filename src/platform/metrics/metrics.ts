import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus metrics. Labels are bounded sets of our own words: never an id, a name or a Page. */
export interface Metrics {
  webhookBodies(result: 'stored' | 'refused' | 'failed'): void;
  inboundEvents(kind: string, count: number): void;
  sends(outcome: string): void;
  /** A signed batch: entries that got a leaf, rows that were set aside, and the size of the log. */
  ledgerBatch(added: number, rejected: number, size: number): void;
  jobDuration(job: string, seconds: number): void;
  httpRequest(route: string, method: string, status: number, seconds: number): void;
  render(): Promise<{ contentType: string; body: string }>;
}

export function openMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const bodies = counter('assent_webhook_bodies_total', 'Webhook bodies by what became of them', ['result']);
  const events = counter('assent_inbound_events_total', 'Events inside webhook bodies by kind', ['kind']);
  const sends = counter('assent_sends_total', 'Calls of the Send API by outcome', ['outcome']);
  const entries = counter('assent_ledger_entries_total', 'Entries given a leaf, or set aside', ['result']);
  const logSize = new Gauge({
    name: 'assent_ledger_size',
    help: 'Leaves in the last checkpoint this process signed',
    registers: [registry],
  });
  const jobs = new Histogram({
    name: 'assent_job_seconds',
    help: 'Duration of jobs',
    labelNames: ['job'],
    registers: [registry],
  });
  const http = new Histogram({
    name: 'assent_http_request_seconds',
    help: 'Duration of requests by route template',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  });
  return {
    webhookBodies: (result) => bodies.inc({ result }),
    inboundEvents: (kind, count) => events.inc({ kind }, count),
    sends: (outcome) => sends.inc({ outcome }),
    ledgerBatch: (added, rejected, size) => {
      entries.inc({ result: 'signed' }, added);
      entries.inc({ result: 'rejected' }, rejected);
      logSize.set(size);
    },
    jobDuration: (job, seconds) => jobs.observe({ job }, seconds),
    httpRequest: (route, method, status, seconds) => http.observe({ route, method, status: String(status) }, seconds),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
