/** What a caller may do; `admin` may do everything. */
export const ROLES = ['predict', 'probe', 'attack', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls. */
export interface Principal {
  /** For logs, quotas and ownership of runs; empty where nobody is known. */
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
}

/** Everybody, where callers do not prove who they are. */
export const ANYONE: Principal = { name: '', roles: new Set(ROLES) };

/** Whether a caller may do what the role allows. An attack tells at least as much as a prediction does. */
export function mayAct({ roles }: Principal, role: Role): boolean {
  if (roles.has('admin') || roles.has(role)) return true;
  return role === 'predict' && roles.has('attack');
}
