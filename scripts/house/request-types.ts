import { type ClassElement, parseSync, type TSSignature, type TSType, Visitor } from 'oxc-parser';
import { readSource, sourceFiles } from './sources.ts';

/** The members of one request. */
const membersOfRequest = new Set([
  ...['id', 'recordId', 'key', 'principal', 'fingerprint', 'acceptable', 'operation', 'operationId', 'policy'],
  ...['token', 'owner', 'claim', 'claimed', 'claimedAt', 'attempt', 'lease', 'context', 'signal', 'steps'],
  ...['task', 'route', 'running', 'handling', 'execution', 'outcome'],
]);

const rooms = /^(core|http|adapters|function)\//;

/** Files of the contract, the options and the audit, which are not counted. */
const contract =
  /^(core\/(store|store-types|context|events|outbox)\.ts|core\/audit\/|(core\/function-|function\/)options\.ts|http\/options\.ts|adapters\/next-parts\/action-options\.ts)/;

/** A type that holds two or more of a request's members. */
export interface RequestType {
  readonly file: string;
  readonly name: string;
  readonly members: readonly string[];
}

/** Every class, interface and type literal between adapters and stores that holds two or more of those members. */
export function requestTypes(): RequestType[] {
  const files = sourceFiles().filter((file) => rooms.test(file) && !contract.test(file));
  return files.flatMap(requestTypesIn);
}

function requestTypesIn(file: string): RequestType[] {
  const found: RequestType[] = [];
  const look = (name: string | undefined, parts: readonly (ClassElement | TSSignature)[]) => {
    const members = [...new Set(parts.flatMap(nameOf))].filter((member) => membersOfRequest.has(member));
    if (members.length > 1) found.push({ file, name: name ?? '(no name)', members });
  };
  new Visitor({
    ClassDeclaration: ({ id, body }) => look(id?.name, body.body),
    TSInterfaceDeclaration: ({ id, body }) => look(id.name, body.body),
    TSTypeAliasDeclaration: ({ id, typeAnnotation }) => look(id.name, literalMembers(typeAnnotation)),
  }).visit(parseSync(file, readSource(file)).program);
  return found;
}

function literalMembers(type: TSType): TSSignature[] {
  if (type.type === 'TSTypeLiteral') return type.members;
  if (type.type === 'TSIntersectionType' || type.type === 'TSUnionType') return type.types.flatMap(literalMembers);
  return [];
}

/** The name of a field or getter; methods don't count. */
function nameOf(part: ClassElement | TSSignature): string[] {
  const holds =
    part.type === 'TSPropertySignature' ||
    part.type === 'PropertyDefinition' ||
    part.type === 'TSAbstractPropertyDefinition' ||
    (part.type === 'MethodDefinition' && part.kind === 'get');
  return holds && (part.key.type === 'Identifier' || part.key.type === 'PrivateIdentifier') ? [part.key.name] : [];
}
