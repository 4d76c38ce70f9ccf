import { readFileSync } from 'node:fs'
import { type AccessDocument, parseAccessDocument, parseScenario, type Scenario } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import { parse } from 'yaml'

/** A file that is not what it should be, with every fault on a line of its own. */
export class InvalidFile extends Error {}

function readYaml<T>(file: string, parseValue: (value: unknown) => T): T {
  try {
    return parseValue(parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    throw new InvalidFile(
      error.message
        .split('\n')
        .map((line) => `${file}: ${line}`)
        .join('\n'),
      { cause: error },
    )
  }
}

/**
 * Reads access files as one document.
 * @throws InvalidFile naming every fault of the first faulty file; an org that stands in two files is one.
 */
export function readAccessFiles(files: readonly string[]): AccessDocument {
  const documents = files.map((file) => readYaml(file, parseAccessDocument))
  const orgs = documents.flatMap((document) => document.orgs)
  try {
    return parseAccessDocument({ apiVersion: 'gatehouse/v1', kind: 'Access', orgs })
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    throw new InvalidFile(error.message, { cause: error })
  }
}

/** Reads a scenario. @throws InvalidFile. */
export function readScenario(file: string): Scenario {
  return readYaml(file, parseScenario)
}
