/**
 * Leads to where people sign in, if they do, or asks for the API key and tries it before keeping it. Used by the app while nobody is signed in.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { connect } from './api.ts'
import { NO_QUERY } from './link-list-state.ts'
import { ApiError, toApiError } from './service-call.ts'
import { FailureNotice } from './failure-notice.tsx'
import { signInAddress, signsIn } from './person.ts'
import { TextField } from './text-field.tsx'

const WRONG_KEY = 'The service does not accept this key.'

interface SignInFormProps {
  /** Whether a key that was in use has just been refused. */
  readonly wasRefused: boolean
  /** Rises each time something asks for the key: the field is then focused. */
  readonly requests: number
  readonly onSignIn: (key: string) => void
}

export function SignInForm({ wasRefused, requests, onSignIn }: SignInFormProps) {
  const form = useRef<HTMLFormElement>(null)
  const [key, setKey] = useState('')
  const [error, setError] = useState(wasRefused ? WRONG_KEY : undefined)
  const [failure, setFailure] = useState<ApiError>()
  const hasAccounts = signsIn()
  const focusField = () => form.current?.querySelector('input')?.focus()

  useEffect(() => {
    if (requests > 0) focusField()
  }, [requests])
  useEffect(() => setError(wasRefused ? WRONG_KEY : undefined), [wasRefused])

  async function tryKey(): Promise<void> {
    setFailure(undefined)
    const problem = await problemWith(key.trim())
    if (problem === undefined) return onSignIn(key.trim())
    if (problem.code !== 'unauthorized') return setFailure(problem)
    setError(problem.message)
    focusField()
  }

  return (
    <section class="card" aria-labelledby="sign-in">
      <h2 id="sign-in">Sign in to manage links</h2>
      {hasAccounts && (
        <p class="sign-in-account">
          <a class="button button-primary" href={signInAddress()}>
            Sign in with your account
          </a>
          <span class="muted">or with a key:</span>
        </p>
      )}
      <form
        ref={form}
        class="form form-row"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void tryKey()
        }}
      >
        <TextField
          label="API key"
          value={key}
          onInput={setKey}
          error={error}
          hint="The service prints a link that signs in at its first start."
          input={{ type: 'password', autocomplete: 'current-password' }}
        />
        <button type="submit" class={hasAccounts ? 'button' : 'button button-primary'}>
          Sign in
        </button>
      </form>
      {failure !== undefined && <FailureNotice error={failure} onRetry={() => void tryKey()} />}
    </section>
  )
}

async function problemWith(key: string): Promise<ApiError | undefined> {
  if (key === '') return new ApiError('unauthorized', 'Enter the key.')
  try {
    await connect({ key }).list(NO_QUERY, null, 1)
    return undefined
  } catch (error) {
    const problem = toApiError(error)
    return problem.code === 'unauthorized' ? new ApiError('unauthorized', WRONG_KEY) : problem
  }
}
