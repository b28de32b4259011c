import type { Request, Response, Router } from 'express';
import { HttpError } from './http.errors';

/** Answers what an address does not take: OPTIONS with the list, everything else with 405 and the list. */
export function refuseOtherMethods(router: Router, path: string, methods: readonly string[]): void {
  const taken = new Set(methods.map((method) => method.toUpperCase()));
  if (taken.has('GET')) taken.add('HEAD');
  taken.add('OPTIONS');
  const allow = [...taken].join(', ');
  router.all(path, (req: Request, res: Response) => {
    if (req.method !== 'OPTIONS') {
      throw new HttpError('method_not_allowed', 'this address does not take that method', [], { Allow: allow });
    }
    res.setHeader('Allow', allow);
    res.status(204).end();
  });
}
