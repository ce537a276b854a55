"""What sort of thing happens: the closed list of event kinds, grouped in families.

Codes are ours; `docs/method.md` maps them to ACLED, CIVICUS, the STOP taxonomy and OONI's terms. A code is never
reused for another meaning.
"""

from enum import StrEnum


class Family(StrEnum):
    """Groups of kinds that people follow together: an incident belongs to one family."""

    ASSEMBLY = "assembly"
    LABOUR = "labour"
    UNREST = "unrest"
    POLICE = "police"
    CUSTODY = "custody"
    PROSECUTION = "prosecution"
    ASSOCIATION = "association"
    MEDIA = "media"
    DEFENDER = "defender"
    NET = "net"
    STATE = "state"
    ELECTION = "election"
    CIVIC = "civic"
    SYSTEM = "system"


class EventKind(StrEnum):
    """Kinds of event; the part before the dot is the family."""

    ASSEMBLY_PROTEST = "assembly.protest"
    ASSEMBLY_SINGLE_PICKET = "assembly.single_picket"
    ASSEMBLY_PERMIT_DENIED = "assembly.permit_denied"
    LABOUR_STRIKE = "labour.strike"
    UNREST_VIOLENCE = "unrest.violence"
    POLICE_DETENTION = "police.detention"
    POLICE_PREVENTIVE = "police.preventive"
    POLICE_KETTLING = "police.kettling"
    POLICE_FORCE = "police.force"
    POLICE_LETHAL = "police.lethal"
    CUSTODY_ILL_TREATMENT = "custody.ill_treatment"
    CUSTODY_DEATH = "custody.death"
    CUSTODY_RELEASE = "custody.release"
    PROSECUTION_ADMINISTRATIVE = "prosecution.administrative"
    PROSECUTION_CRIMINAL = "prosecution.criminal"
    ASSOCIATION_BAN = "association.ban"
    MEDIA_ATTACK = "media.attack"
    MEDIA_BLOCK = "media.block"
    DEFENDER_HARASSMENT = "defender.harassment"
    NET_BLACKOUT_NATIONAL = "net.blackout_national"
    NET_BLACKOUT_LOCAL = "net.blackout_local"
    NET_MOBILE_ONLY = "net.mobile_only"
    NET_OUTAGE = "net.outage"
    NET_SERVICE_BLOCK = "net.service_block"
    NET_THROTTLING = "net.throttling"
    NET_ALLOWLIST_OR_MITM = "net.allowlist_or_mitm"
    NET_RESTORED = "net.restored"
    STATE_EMERGENCY = "state.emergency"
    ELECTION_INCIDENT = "election.incident"
    CIVIC_RATING_CHANGE = "civic.rating_change"
    # Our own blindness, said in the same words so that rules can see it.
    SYSTEM_SOURCE_SILENT = "system.source_silent"
    SYSTEM_SOURCE_UNREACHABLE = "system.source_unreachable"
    SYSTEM_OWN_LINE_DOWN = "system.own_line_down"
    SYSTEM_STORE_DAMAGED = "system.store_damaged"
    SYSTEM_AGENT_REFUSED = "system.agent_refused"
    SYSTEM_AGENT_CLOCK = "system.agent_clock"
    SYSTEM_MESSAGES_DROPPED = "system.messages_dropped"

    @property
    def family(self) -> Family:
        """The family this kind belongs to."""
        return Family(self.value.partition(".")[0])
