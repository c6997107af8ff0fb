"""Every published law as a frozen record with its source, rounding, conventions and domain.

Names are author, year and, where one paper has several, which. A result is quoted with the
name of its law: published sets differ by more than a factor of two in the optimal size.
"""

import re
from math import exp
from types import MappingProxyType

from llmecon._names import UnknownName
from llmecon.chinchilla._records import Domain, Law, Provenance
from llmecon.chinchilla.gadre import ErrorLaw, overtraining_law
from llmecon.chinchilla.kaplan import KaplanLaw
from llmecon.chinchilla.moe import GranularLaw, RoutedLaw, SparsityLaw
from llmecon.chinchilla.powerlaw import DeepSeekLaw, PowerLaw, regress_allocation
from llmecon.chinchilla.progress import ProgressLaw
from llmecon.chinchilla.repeats import RepeatableLaw
from llmecon.chinchilla.separable import SeparableLaw
from llmecon.chinchilla.tables import hoffmann_2022_table

# --- Kaplan et al. 2020 ------------------------------------------------------------------

KAPLAN_2020 = KaplanLaw(
    name="KAPLAN_2020",
    size=(8.8e13, 0.076),  # Eq. 1.1
    data=(5.4e13, 0.095),  # Eq. 1.2
    compute_min=(3.1e8, 0.050),  # Eq. 1.3; a figure label prints 2.3e8
    compute_fixed_batch=(1.6e7, 0.057),  # summary table
    joint_size=(6.4e13, 0.076),  # Table 2
    joint_data=(1.8e13, 0.103),  # Table 2
    steps_size=(6.5e13, 0.077),  # Table 3
    steps=(2.1e3, 0.76),  # Table 3
    critical_batch=(2.0e8, 0.21),  # Eq. 1.4; the summary table prints 2.1e8
    efficient_size=(1.3e9, 0.73),
    efficient_tokens=(2.0e10, 0.27),
    efficient_batch=(2.0e6, 0.24),
    efficient_steps=(5.4e3, 0.03),
    fixed_batch_size=(1.6e9, 0.88),
    overfit=(5.0e3, 0.74),
    provenance=Provenance(
        source="Kaplan et al. 2020, Scaling Laws for Neural Language Models, arXiv:2001.08361",
        source_url="https://arxiv.org/abs/2001.08361",
        place="Eq. 1.1 to 1.6, Tables 2 and 3, summary tables of the appendix",
        params_convention="without embeddings",
        flop_convention="C_min in PF-days of 8.64e19 FLOP; budgets here are 2 C_min",
        corpus="WebText2",
        note="Univariate and joint constants differ on purpose; schedules were not matched to D.",
    ),
    domain=Domain(n_params=(768, 1.5e9), n_tokens=(2.2e7, 2.3e10)),
)

# --- Hoffmann et al. 2022 ----------------------------------------------------------------

_HOFFMANN = "Hoffmann et al. 2022, Training Compute-Optimal Large Language Models, arXiv:2203.15556"
_HOFFMANN_URL = "https://arxiv.org/abs/2203.15556"
# Table A9's sizes; the budgets of the digitised runs (bounds of Figure 4).
_HOFFMANN_DOMAIN = Domain(
    n_params=(4.4e7, 1.62e10),
    n_tokens=(8.19e8, 3.18e11),
    flop=(1.40e18, 1.30e22),
    tokens_per_param=(0.456, 341),
    note="cosine schedule matched to D; IsoFLOP budgets are 6e18 to 3e21",
)

HOFFMANN_2022_ROUNDED = SeparableLaw(
    name="HOFFMANN_2022_ROUNDED",
    E=1.69,
    A=406.4,
    B=410.7,
    alpha=0.34,
    beta=0.28,
    provenance=Provenance(
        source=_HOFFMANN,
        source_url=_HOFFMANN_URL,
        place="Eq. 10",
        rounding="exponents to two digits: beta .2849 -> .28 adds 13% to the data term at 1e11",
        corpus="MassiveText",
        note="Gives 32B at 5.76e23 FLOP where the paper's text says 40B.",
    ),
    domain=_HOFFMANN_DOMAIN,
)

_ANALYSIS = "epoch-research/analyzing-chinchilla@92258837, data_analysis.ipynb"
_ANALYSIS_URL = (
    "https://github.com/epoch-research/analyzing-chinchilla/blob/"
    "92258837425e1b5f2851d624287f0120583a3d0e/data_analysis.ipynb"
)

HOFFMANN_2022_TEX = SeparableLaw(
    name="HOFFMANN_2022_TEX",
    E=exp(0.5267228),
    A=exp(6.0073404),
    B=exp(6.0179186),
    alpha=0.33917084,
    beta=0.2849083,
    provenance=Provenance(
        source=f"{_HOFFMANN}; unrounded values of its TeX source as used in {_ANALYSIS}",
        source_url=_ANALYSIS_URL,
        place="logarithms 6.0073404, 6.0179186, 0.5267228 in the notebook's cells",
        rounding="seven digits",
        corpus="MassiveText",
        note=(
            "The fit averaged its Huber terms and stopped early. Table A3's Approach 3 is up "
            "to 19% off these constants and no constants reproduce it."
        ),
    ),
    domain=_HOFFMANN_DOMAIN,
)


def _hoffmann_table(approach: int, place: str) -> PowerLaw:
    """Regression over the rows of a printed table, its misprint left out."""
    table = hoffmann_2022_table(approach)
    rows = table[~table["misprint"]]
    factor, exponent = regress_allocation(rows["flop"], rows["n_params"])
    return PowerLaw(
        name=f"HOFFMANN_2022_APPROACH_{approach}",
        factor=factor,
        exponent=exponent,
        of="params",
        provenance=Provenance(
            source=_HOFFMANN,
            source_url=_HOFFMANN_URL,
            place=f"{place}, ordinary regression of ln N on ln C over its rows",
            rounding="the table prints two to three digits; the paper gives no coefficient",
            status="recomputed",
            corpus="MassiveText",
        ),
        domain=_HOFFMANN_DOMAIN,
    )


HOFFMANN_2022_APPROACH_1 = _hoffmann_table(1, "Table 3")
HOFFMANN_2022_APPROACH_2 = _hoffmann_table(2, "Table A3")
HOFFMANN_2022_APPROACH_3 = _hoffmann_table(3, "Table A3 without its misprinted 175B row")

# --- Besiroglu et al. 2024 and the refit behind it ---------------------------------------

_BESIROGLU_DOMAIN = Domain(
    n_params=(5.73e7, 1.62e10),
    n_tokens=(8.19e8, 3.18e11),
    flop=(1.40e18, 1.30e22),
    tokens_per_param=(0.456, 341),
    note="240 runs of Hoffmann et al. 2022 read from their Figure 4, precision about .01 nats",
)

BESIROGLU_2024 = SeparableLaw(
    name="BESIROGLU_2024",
    E=1.8172,
    A=482.01,
    B=2085.43,
    alpha=0.3478,
    beta=0.3658,
    provenance=Provenance(
        source="Besiroglu et al. 2024, Chinchilla Scaling: A replication attempt, arXiv:2404.10102",
        source_url="https://arxiv.org/abs/2404.10102",
        place="Eq. of the abstract and Table 1",
        rounding="as printed; its notebook has E 1.81686",
        corpus="MassiveText",
        note=(
            "The optimum of least absolute log residuals, not of Huber with delta 1e-3, "
            "whose standard errors are printed beside it."
        ),
    ),
    domain=_BESIROGLU_DOMAIN,
)

BESIROGLU_2024_NOTEBOOK = SeparableLaw(
    name="BESIROGLU_2024_NOTEBOOK",
    E=exp(0.59711196),
    A=exp(6.17795598),
    B=exp(7.64273236),
    alpha=0.34781303,
    beta=0.36585412,
    provenance=Provenance(
        source=f"Besiroglu et al. 2024; {_ANALYSIS}",
        source_url=_ANALYSIS_URL,
        place="cells 24 to 26",
        rounding="eight digits",
        corpus="MassiveText",
    ),
    domain=_BESIROGLU_DOMAIN,
)

REFIT_240 = SeparableLaw(
    name="REFIT_240",
    E=1.81721809901008,
    A=477.825868233906,
    B=2143.41736336049,
    alpha=0.34731049888175464,
    beta=0.3671724326277628,
    provenance=Provenance(
        source=f"fit of this library to the 240 runs of {_ANALYSIS}",
        source_url=_ANALYSIS_URL,
        place="optimum of sum Huber(log residual, delta 1e-3), objective 1.018274017800601e-3",
        rounding="none",
        status="recomputed",
        corpus="MassiveText",
    ),
    domain=_BESIROGLU_DOMAIN,
)

# --- de Vries 2023 and Sardana et al. 2024 -----------------------------------------------

DE_VRIES_2023 = SeparableLaw(
    name="DE_VRIES_2023",
    E=1.69,
    A=406.4,
    B=410.7,
    alpha=0.336,
    beta=0.283,
    provenance=Provenance(
        source="de Vries 2023, Go smol or go home",
        source_url="https://www.harmdevries.com/post/model-size-vs-compute-overhead/",
        place="also Sardana et al. 2024, arXiv:2401.00448, appendix A footnote 2 and code defaults",
        rounding="exponents to three digits",
        corpus="MassiveText",
        note="The only set that reproduces the printed examples of Sardana et al.",
    ),
    domain=_HOFFMANN_DOMAIN,
)


def _sardana(
    ratio: int, E: float, A: float, B: float, alpha: float, beta: float, n: int
) -> SeparableLaw:
    return SeparableLaw(
        name=f"SARDANA_2024_RUNS_{ratio}",
        E=E,
        A=A,
        B=B,
        alpha=alpha,
        beta=beta,
        provenance=Provenance(
            source="Sardana et al. 2024, Beyond Chinchilla-Optimal, arXiv:2401.00448",
            source_url="https://arxiv.org/abs/2401.00448",
            place=f"Table 1, row D/N <= {ratio}: optimum of its objective over the {n} runs",
            rounding="the table prints two digits and three of its rows had not converged",
            status="recomputed",
            corpus="MPT training mix",
        ),
        domain=Domain(n_params=(1.5e8, 6e9), tokens_per_param=(10, ratio)),
    )


SARDANA_2024_RUNS_100 = _sardana(
    100, 0.153151627, 7.14447851, 26.0002993, 0.0767905731, 0.125749701, 34
)
SARDANA_2024_RUNS_250 = _sardana(
    250, 0.98618439, 14.4352948, 39.4653349, 0.130722818, 0.156918798, 39
)
SARDANA_2024_RUNS_500 = _sardana(
    500, 0.94573371, 17.0721316, 35.8092601, 0.132130047, 0.157738195, 43
)
SARDANA_2024_RUNS_10000 = _sardana(
    10_000, 1.46296315, 35.3882986, 133.019863, 0.178838151, 0.231601875, 47
)

# --- Muennighoff et al. 2023 -------------------------------------------------------------

MUENNIGHOFF_2023 = RepeatableLaw(
    name="MUENNIGHOFF_2023",
    E=exp(0.6254804),
    A=exp(6.255414),
    B=exp(7.3049974),
    alpha=0.3526596,
    beta=0.3526596,
    r_d_star=15.387756,
    r_n_star=5.309743,
    provenance=Provenance(
        source=(
            "Muennighoff et al. 2023, Scaling Data-Constrained Language Models, "
            "arXiv:2305.16264; huggingface/datablations@13701315"
        ),
        source_url="https://github.com/huggingface/datablations",
        place="README, logarithms 6.255414, 7.3049974, 0.6254804; R_D* and R_N*",
        rounding="seven digits",
        tokens_convention="tokens processed, all epochs; unique tokens apart",
        corpus="C4",
        note="alpha = beta is an assumption of the fit; runs harmed by repeats were left out.",
    ),
    domain=Domain(n_params=(7e6, 9e9), n_tokens=(0, 9e11), note="up to 1,500 epochs"),
)

# --- Gadre et al. 2024 -------------------------------------------------------------------

_GADRE_DOMAIN = Domain(
    n_params=(1.06e7, 6.89e9),
    n_tokens=(5.28e7, 9.21e11),
    tokens_per_param=(5, 640),
    note="constants from five runs of .011B to .411B; tuned at M = 20 only",
)


def _gadre(corpus: str) -> Provenance:
    return Provenance(
        source=(
            "Gadre et al. 2024, Language models scale reliably with over-training and on "
            "downstream tasks, arXiv:2403.08540"
        ),
        source_url="https://github.com/mlfoundations/scaling",
        place="default fit of the authors' code: M = 20 at four sizes and M = 320 at the smallest",
        rounding="nine digits of the true optimum of their objective",
        status="recomputed",
        corpus=f"{corpus}; loss on C4 validation, error over 17 tasks",
        note="Five runs for four constants: no residual check is possible.",
    )


GADRE_2024_C4 = overtraining_law(
    name="GADRE_2024_C4",
    E=1.50826054,
    a_code=113.692603,
    b_code=189.515520,
    x=0.242472239,
    provenance=_gadre("C4"),
    domain=_GADRE_DOMAIN,
    error_law=ErrorLaw(epsilon=0.849742294, k=2.07889911, gamma=0.756119127),
)
GADRE_2024_REDPAJAMA = overtraining_law(
    name="GADRE_2024_REDPAJAMA",
    E=1.83664838,
    a_code=166.210984,
    b_code=366.687174,
    x=0.272850703,
    provenance=_gadre("RedPajama"),
    domain=_GADRE_DOMAIN,
    error_law=ErrorLaw(epsilon=0.856991905, k=2.20649069, gamma=0.714590673),
)
GADRE_2024_REFINEDWEB = overtraining_law(
    name="GADRE_2024_REFINEDWEB",
    E=1.73446209,
    a_code=125.095696,
    b_code=246.206687,
    x=0.254394845,
    provenance=_gadre("RefinedWeb"),
    domain=_GADRE_DOMAIN,
    error_law=ErrorLaw(epsilon=0.865279492, k=2.21481592, gamma=0.707048720),
)

# --- Llama 3 and DeepSeek ----------------------------------------------------------------

_LLAMA_DOMAIN = Domain(n_params=(4e7, 1.6e10), flop=(6e18, 1e22))


def _llama(place: str, note: str) -> Provenance:
    return Provenance(
        source="Grattafiori et al. 2024, The Llama 3 Herd of Models, arXiv:2407.21783",
        source_url="https://arxiv.org/abs/2407.21783",
        place=place,
        corpus="Llama 3 training mix",
        note=note,
    )


LLAMA_3_2024 = PowerLaw(
    name="LLAMA_3_2024",
    factor=0.299,
    exponent=0.537,
    of="tokens",
    provenance=_llama(
        "section 3.2.1, legend of Figure 3",
        "The paper calls it N* but means tokens. Within 2% of the printed 16.55T at 3.8e25.",
    ),
    domain=_LLAMA_DOMAIN,
)
LLAMA_3_2024_TEXT = PowerLaw(
    name="LLAMA_3_2024_TEXT",
    factor=0.29,
    exponent=0.53,
    of="tokens",
    provenance=_llama(
        "section 3.2.1, text",
        "Rounded too far: gives 10.5T at 3.8e25 where the paper prints 16.55T. Use the legend.",
    ),
    domain=_LLAMA_DOMAIN,
)

DEEPSEEK_2024 = DeepSeekLaw(
    name="DEEPSEEK_2024",
    size_factor=0.1715,
    size_exponent=0.5243,
    tokens_factor=5.8316,
    tokens_exponent=0.4757,
    learning_rate_factor=0.3118,
    learning_rate_exponent=-0.1250,
    batch_factor=0.2920,
    batch_exponent=0.3271,
    provenance=Provenance(
        source="DeepSeek-AI 2024, DeepSeek LLM, arXiv:2401.02954",
        source_url="https://arxiv.org/abs/2401.02954",
        place="Eq. 1 and 4",
        params_convention="M = 72 n d^2 + 12 n d l FLOP per token, without embeddings",
        flop_convention="C = M D",
        loss_unit="bits per byte",
        corpus="DeepSeek's current corpus; the exponent of M is .450 on the early one",
    ),
    domain=Domain(flop=(1e17, 3e20)),
)

# --- mixture of experts ------------------------------------------------------------------

_CLARK = Provenance(
    source="Clark et al. 2022, Unified Scaling Laws for Routed Language Models, arXiv:2202.01169",
    source_url="https://arxiv.org/abs/2202.01169",
    place="Table 3",
    rounding="three digits: too coarse for the size at which routing stops to help",
    params_convention="dense size: parameters used for one token",
    tokens_convention="fixed at 130e9",
    corpus="MassiveText",
    note="Base-10 logarithms. The authors' example code keeps log2 of e_start and e_max.",
)
_CLARK_DOMAIN = Domain(note="up to 512 experts, 130e9 tokens")
CLARK_2022_S_BASE = RoutedLaw(
    name="CLARK_2022_S_BASE",
    a=-0.082,
    b=-0.108,
    c=0.009,
    d=1.104,
    e_start=1.847,
    e_max=314.478,
    provenance=_CLARK,
    domain=_CLARK_DOMAIN,
)
CLARK_2022_RL_R = RoutedLaw(
    name="CLARK_2022_RL_R",
    a=-0.083,
    b=-0.126,
    c=0.012,
    d=1.111,
    e_start=1.880,
    e_max=469.982,
    provenance=_CLARK,
    domain=_CLARK_DOMAIN,
)
CLARK_2022_HASH = RoutedLaw(
    name="CLARK_2022_HASH",
    a=-0.087,
    b=-0.136,
    c=0.012,
    d=1.157,
    e_start=4.175,
    e_max=477.741,
    provenance=_CLARK,
    domain=_CLARK_DOMAIN,
)

_KRAJEWSKI = Provenance(
    source="Krajewski et al. 2024, Scaling Laws for Fine-Grained MoE, arXiv:2402.07871",
    source_url="https://arxiv.org/abs/2402.07871",
    place="table of fitted constants; Huber delta .1",
    params_convention="the mixture and the dense law count N differently",
    corpus="C4",
)
_KRAJEWSKI_DOMAIN = Domain(
    n_params=(1.29e8, 3.7e9), n_tokens=(1.6e10, 1.3e11), note="expansion 64, granularity 1 to 16"
)
KRAJEWSKI_2024_MOE = GranularLaw(
    name="KRAJEWSKI_2024_MOE",
    a=18.1,
    alpha=0.115,
    b=30.8,
    beta=0.147,
    c=0.47,
    g=2.1,
    gamma=0.58,
    provenance=_KRAJEWSKI,
    domain=_KRAJEWSKI_DOMAIN,
)
KRAJEWSKI_2024_DENSE = GranularLaw(
    name="KRAJEWSKI_2024_DENSE",
    a=16.3,
    alpha=0.126,
    b=26.7,
    beta=0.127,
    c=0.47,
    g=0.0,
    gamma=0.0,
    provenance=_KRAJEWSKI,
    domain=_KRAJEWSKI_DOMAIN,
)

ABNAR_2025 = SparsityLaw(
    name="ABNAR_2025",
    a=16612.50,
    alpha=0.5962,
    b=5455.67,
    beta=0.3954,
    c=0.4598,
    lambda_=-0.1666,
    d=17.26,
    delta=0.1603,
    gamma=0.1595,
    e=0.94,
    provenance=Provenance(
        source="Abnar et al. 2025, Parameters vs FLOPs, arXiv:2501.12370",
        source_url="https://arxiv.org/abs/2501.12370",
        place="table of fitted constants",
        params_convention="total, sparsity apart",
        corpus="RedPajama",
        note="R^2 is 99% in sample, 68% on the held-out sparsity.",
    ),
    domain=Domain(note="sparsity 0 to .98"),
)

# --- progress ----------------------------------------------------------------------------

HO_2024 = ProgressLaw(
    name="HO_2024",
    alpha_year=0.003938,
    alpha_param=0.067982,
    beta_year=0.035620,
    beta_data=0.039587,
    doubling_months_interval=(4.51787288, 8.44382833, 14.26941928),
    doubling_months_interval_optimised=(4.5475, 8.5716, 14.4602),
    compute_gain={1e22: (6.64, 3.21, 28.19), 1e25: (7.16, 3.27, 45.66)},
    provenance=Provenance(
        source="Ho et al. 2024, Algorithmic progress in language models, arXiv:2403.05812",
        source_url="https://github.com/epoch-research/lm-algorithmic-progress",
        place="model 7, point estimate; bootstrap percentiles of the notebook",
        corpus="WikiText and Penn Treebank results since 2012",
        note="Nearly all progress is on the data side; arXiv:2508.11033 sees selection bias.",
    ),
    domain=Domain(note="results of 2012 to 2023"),
)


LAWS = MappingProxyType(
    {
        law.name: law
        for law in (
            KAPLAN_2020,
            HOFFMANN_2022_ROUNDED,
            HOFFMANN_2022_TEX,
            HOFFMANN_2022_APPROACH_1,
            HOFFMANN_2022_APPROACH_2,
            HOFFMANN_2022_APPROACH_3,
            CLARK_2022_S_BASE,
            CLARK_2022_RL_R,
            CLARK_2022_HASH,
            DE_VRIES_2023,
            MUENNIGHOFF_2023,
            BESIROGLU_2024,
            BESIROGLU_2024_NOTEBOOK,
            REFIT_240,
            SARDANA_2024_RUNS_100,
            SARDANA_2024_RUNS_250,
            SARDANA_2024_RUNS_500,
            SARDANA_2024_RUNS_10000,
            GADRE_2024_C4,
            GADRE_2024_REDPAJAMA,
            GADRE_2024_REFINEDWEB,
            LLAMA_3_2024,
            LLAMA_3_2024_TEXT,
            DEEPSEEK_2024,
            HO_2024,
            KRAJEWSKI_2024_MOE,
            KRAJEWSKI_2024_DENSE,
            ABNAR_2025,
        )
    }
)


_TITLES = {
    "HOFFMANN_2022_ROUNDED": "Hoffmann 2022, as printed",
    "HOFFMANN_2022_TEX": "Hoffmann 2022, unrounded",
    "DE_VRIES_2023": "de Vries 2023",
    "REFIT_240": "Refit of the 240 runs",
    "CLARK_2022_S_BASE": "Clark 2022, S-BASE",
    "CLARK_2022_RL_R": "Clark 2022, RL-R",
    "GADRE_2024_C4": "Gadre 2024, C4",
    "GADRE_2024_REDPAJAMA": "Gadre 2024, RedPajama",
    "GADRE_2024_REFINEDWEB": "Gadre 2024, RefinedWeb",
    "DEEPSEEK_2024": "DeepSeek 2024",
    "KRAJEWSKI_2024_MOE": "Krajewski 2024, MoE",
    **{
        f"SARDANA_2024_RUNS_{ratio}": f"Sardana 2024, to {ratio:,} tokens per parameter"
        for ratio in (100, 250, 500, 10_000)
    },
}


def law_title(name: str) -> str:
    """Name of a law as a reader meets it: authors, year, and which of several sets.

    Parameters
    ----------
    name : str
        As in ``LAWS``.

    Examples
    --------
    >>> law_title("BESIROGLU_2024"), law_title("HOFFMANN_2022_TEX"), law_title("DE_VRIES_2023")
    ('Besiroglu 2024', 'Hoffmann 2022, unrounded', 'de Vries 2023')
    >>> law_title("HOFFMANN_2022_APPROACH_1")
    'Hoffmann 2022, approach 1'
    """
    if name in _TITLES:
        return _TITLES[name]
    words = name.replace("_", " ").lower()
    return re.sub(r"^(.+?) (\d{4}) (?=.)", r"\1 \2, ", words).capitalize()


def law(name: str) -> Law:
    """Published law by its name, in any case.

    Parameters
    ----------
    name : str
        As in ``LAWS``.

    Raises
    ------
    UnknownName
        For an unknown name; the three nearest are listed.

    Examples
    --------
    >>> law("besiroglu_2024").name
    'BESIROGLU_2024'
    """
    key = name.strip().upper().replace(" ", "_").replace("-", "_")
    if key not in LAWS:
        raise UnknownName("law", name, LAWS)
    return LAWS[key]
