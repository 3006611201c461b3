"""Every tolerance between a kernel and its twin, with its reason. Rows are float32, twins are float64."""

#: Double precision on both sides; sums may be reordered and products fused.
DOUBLE = 1e-9

#: One float32 operation or a few in a row, without cancellation.
SINGLE = 2e-6

#: Some hundred float32 updates of one number, each of which rounds.
ACCUMULATED = 2e-5

#: Least squares: P and w carry the rounding of all rows; ill-conditioned directions amplify it.
LEAST_SQUARES = 2e-3

#: Distances and means of the shape memory, in int8 steps: 127^2 in float32 leaves about 1e-3 of a step.
SHAPE = 5e-3

#: A whole forecast against the twin, as a share of (95 % interval + one deviation): least squares and decoder free
#: running for a thousand events; most events agree to 1e-5, degenerate streams (constant, rare) to 5e-3.
FORECAST = 2e-2
FORECAST_MEDIAN = 2e-4
#: The same for a bound of an interval: one miss that tips over moves alpha by .0075, a 95 % interval by 5 %.
BOUND = 0.1
#: The same for a step after a thousand equal values: rows without excitation had left P to rounding.
CONSTANT = 0.2

#: A score against the twin: a tail just above its fifth peak has the slope 4.3 per scale of that tail.
SCORE = 5e-3
SHARE = 3e-2
#: Share of events in which a statistic within rounding of its fifth peak tips over (evidence jumps there).
TIES = 2e-3
#: Share of events whose shares differ: the sign of a residual that rounding flips is in 64 means of the frequency.
SHARE_TIES = 2e-2

#: A fixed horizon's forecast against the same horizon asked for later, as a share of the interval: the same numbers,
#: but stored in float32 on one way and combined through log and exp on the other.
ANY_HORIZON = 1e-4

#: Scores of a + b x against those of x: the scale is learned in other float64 roundings, codes and bins may tip over.
AFFINE = 2e-2
