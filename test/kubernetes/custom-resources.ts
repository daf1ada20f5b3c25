/**
 * The shapes of the custom resources that the manifests use, as far as they use them.
 *
 * Kubernetes' own types do not know them, and their operators' are no modules of Go that can be had alone. So these
 * are written by hand from the operators' documents: a field that is misspelt or put elsewhere is found,
 * one that an operator has renamed is not.
 */
import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { KubeObject } from './rendered-manifests.ts'

const closed = { additionalProperties: false }
const text = Type.String()
const labels = Type.Record(text, text)
const resources = Type.Object({ requests: labels, limits: labels }, closed)
const security = Type.Object(
  {
    runAsNonRoot: Type.Literal(true),
    runAsUser: Type.Integer({ minimum: 1 }),
    fsGroup: Type.Integer({ minimum: 1 }),
  },
  closed,
)
const secret = Type.Object({ name: text, key: text }, closed)
const claim = Type.Object(
  {
    accessModes: Type.Array(text),
    resources: Type.Object({ requests: Type.Object({ storage: text }, closed) }, closed),
  },
  closed,
)

/** `redis.redis.opstreelabs.in/v1beta2`. */
const redis = Type.Object(
  {
    kubernetesConfig: Type.Object(
      { image: text, imagePullPolicy: text, redisSecret: secret, resources },
      closed,
    ),
    redisConfig: Type.Object({ additionalRedisConfig: text }, closed),
    podSecurityContext: security,
  },
  closed,
)
/** `mongodbcommunity.mongodb.com/v1`. */
const mongo = Type.Object(
  {
    members: Type.Integer({ minimum: 3 }),
    type: Type.Literal('ReplicaSet'),
    version: text,
    security: Type.Object(
      { authentication: Type.Object({ modes: Type.Array(Type.Literal('SCRAM')) }, closed) },
      closed,
    ),
    users: Type.Array(
      Type.Object(
        {
          name: text,
          db: text,
          passwordSecretRef: secret,
          scramCredentialsSecretName: text,
          roles: Type.Array(Type.Object({ name: text, db: text }, closed)),
        },
        closed,
      ),
    ),
    statefulSet: Type.Object(
      {
        spec: Type.Object(
          {
            template: Type.Object(
              {
                spec: Type.Object(
                  { containers: Type.Array(Type.Object({ name: text, resources }, closed)) },
                  closed,
                ),
              },
              closed,
            ),
            volumeClaimTemplates: Type.Array(
              Type.Object({ metadata: Type.Object({ name: text }, closed), spec: claim }, closed),
            ),
          },
          closed,
        ),
      },
      closed,
    ),
  },
  closed,
)
/** `clickhouse.altinity.com/v1`. */
const clickHouse = Type.Object(
  {
    configuration: Type.Object(
      {
        users: Type.Record(text, Type.Union([text, Type.Array(text)])),
        clusters: Type.Array(
          Type.Object(
            {
              name: text,
              layout: Type.Object(
                { shardsCount: Type.Integer(), replicasCount: Type.Integer() },
                closed,
              ),
            },
            closed,
          ),
        ),
      },
      closed,
    ),
    defaults: Type.Object(
      {
        templates: Type.Object({ podTemplate: text, dataVolumeClaimTemplate: text }, closed),
      },
      closed,
    ),
    templates: Type.Object(
      {
        podTemplates: Type.Array(
          Type.Object(
            {
              name: text,
              spec: Type.Object(
                {
                  securityContext: security,
                  containers: Type.Array(
                    Type.Object({ name: text, image: text, resources }, closed),
                  ),
                },
                closed,
              ),
            },
            closed,
          ),
        ),
        volumeClaimTemplates: Type.Array(Type.Object({ name: text, spec: claim }, closed)),
      },
      closed,
    ),
  },
  closed,
)
/** `monitoring.coreos.com/v1`. */
const podMonitor = Type.Object(
  {
    jobLabel: text,
    selector: Type.Object({ matchLabels: labels }, closed),
    podMetricsEndpoints: Type.Array(
      Type.Object({ port: text, path: text, interval: text }, closed),
    ),
  },
  closed,
)

const SHAPES: Readonly<Record<string, TSchema>> = {
  'redis.redis.opstreelabs.in/v1beta2 Redis': redis,
  'mongodbcommunity.mongodb.com/v1 MongoDBCommunity': mongo,
  'clickhouse.altinity.com/v1 ClickHouseInstallation': clickHouse,
  'monitoring.coreos.com/v1 PodMonitor': podMonitor,
}

/** What is wrong with a custom resource; undefined: it is one of Kubernetes' own objects, or right. */
export function faultOf({ apiVersion, kind, spec }: KubeObject): string | undefined {
  const shape = SHAPES[`${apiVersion} ${kind}`]
  if (shape === undefined) return undefined
  const fault = Value.Errors(shape, spec)[0]
  return fault && `${kind}${fault.instancePath}: ${fault.message}`
}

/** Whether somebody has looked at `name`, as the reader of manifests tells it. */
export function isShaped(name: string): boolean {
  return Object.keys(SHAPES).some((shape) => name.startsWith(`${shape}/`))
}
