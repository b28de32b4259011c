import type { Reply, Route } from '../../src/http/route';

/** Routes that also check what they answer; `seen` collects `METHOD path status`. */
export function checkReplies(routes: readonly Route[], seen: Set<string>): Route[] {
  return routes.map((route) => {
    const checked = async (reply: Promise<Reply>): Promise<Reply> => {
      const answer = await reply;
      check(route, answer);
      seen.add(`${route.method.toUpperCase()} ${route.path} ${String(answer.status)}`);
      return answer;
    };
    const { handle, replay } = route as unknown as { handle: Asked; replay?: 'again' | Asked };
    return {
      ...route,
      handle: (...asked: unknown[]) => checked(handle(...asked)),
      ...(typeof replay === 'function' ? { replay: (...asked: unknown[]) => checked(replay(...asked)) } : {}),
    } as unknown as Route;
  });
}

type Asked = (...asked: unknown[]) => Promise<Reply>;

/** Not only that the documented fields are there: also that there are no others. */
function check(route: Route, answer: Reply): void {
  const documented = route.replies[answer.status];
  if (documented === undefined)
    throw new Error(`${route.path} answered ${String(answer.status)}, which is not documented`);
  if ('stream' in answer) {
    const types = [documented.contentType ?? 'application/json', ...(documented.alternatives ?? [])];
    expect(types).toContain(answer.contentType.split(';')[0]);
    return;
  }
  expect(answer.body === undefined).toBe(documented.schema === undefined);
  if (documented.schema === undefined) return;
  const sent: unknown = JSON.parse(JSON.stringify(answer.body));
  expect(documented.schema.parse(sent)).toEqual(sent);
}
