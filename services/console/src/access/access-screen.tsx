import { useEffect } from 'react'
import { useCan } from '../api/me-context.ts'
import { navigate } from '../router/location.ts'
import { accessPages } from './frame.tsx'

/** Opens the first page of Access that this person can use. */
export default function AccessScreen() {
  const can = useCan()
  const first = accessPages.find(({ needs }) => needs.length === 0 || needs.some(can))
  const to = first?.to ?? '/access/requests'
  useEffect(() => navigate(to, { replace: true }), [to])
  return null
}
