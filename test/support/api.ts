export interface ApiAnswer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

/** A caller of the REST API, over real HTTP. */
export interface Api {
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<ApiAnswer<Body>>;
  /** The same, and throws unless the status is the expected one. */
  expect<Body = Record<string, unknown>>(status: number, method: string, path: string, body?: unknown): Promise<Body>;
}

export function apiOf(url: string, key: string): Api {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what shape it expects
  const call: Api['call'] = async <Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  };
  return {
    call,
    expect: async <Body>(status: number, method: string, path: string, body?: unknown) => {
      const answer = await call<Body>(method, path, body);
      if (answer.status !== status) {
        throw new Error(`${method} ${path} answered ${String(answer.status)}: ${JSON.stringify(answer.body)}`);
      }
      return answer.body;
    },
  };
}
