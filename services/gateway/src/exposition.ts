/** The text format in which `/federate` answers. */
export interface Exposition {
  readonly format: 'text' | 'openmetrics'
  /** Whether names beyond the legacy characters may stand as they are, quoted. */
  readonly isUtf8: boolean
}

interface Offer {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly weight: number
}

function readOffer(text: string): Offer {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase())
  const parameters = new Map(
    rest.map((part) => {
      const [name = '', value = ''] = part.split('=')
      return [name.trim(), value.trim()] as const
    }),
  )
  const weight = Number(parameters.get('q') ?? '1')
  return { type, parameters, weight: Number.isNaN(weight) ? 0 : weight }
}

function isOpenMetrics({ type, parameters }: Offer): boolean {
  const version = parameters.get('version') ?? '1.0.0'
  return type === 'application/openmetrics-text' && (version === '1.0.0' || version === '0.0.1')
}

/** The format a scraper prefers by its `Accept` header; the text format unless OpenMetrics is named with no less weight. */
export function negotiateExposition(accept: string | undefined): Exposition {
  const offers = (accept ?? '').split(',').map(readOffer)
  const weigh = (is: (offer: Offer) => boolean): Offer | undefined =>
    offers.filter((offer) => is(offer) && offer.weight > 0).toSorted((a, b) => b.weight - a.weight)[0]
  const open = weigh(isOpenMetrics)
  const text = weigh(({ type }) => type === 'text/plain')
  const chosen = open !== undefined && open.weight >= (text?.weight ?? 0) ? open : text
  const isUtf8 = chosen?.parameters.get('escaping') === 'allow-utf-8'
  return { format: chosen !== undefined && chosen === open ? 'openmetrics' : 'text', isUtf8 }
}

/** Content type of an exposition. */
export function expositionType({ format, isUtf8 }: Exposition): string {
  const escaping = isUtf8 ? '; escaping=allow-utf-8' : ''
  return format === 'text'
    ? `text/plain; version=0.0.4; charset=utf-8${escaping}`
    : `application/openmetrics-text; version=1.0.0; charset=utf-8${escaping}`
}
