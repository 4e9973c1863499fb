package import Gathering

/// How the gatherer behaves; one value, read in main.
package struct GathererSettings: Sendable {
    /// When the newest state becomes a revision.
    package var coalescing = Coalescer.Settings()
    /// How long after the end artifacts that were named are waited for.
    package var closeAfter = Duration.seconds(10)
    /// A workflow that has been dirty for longer goes before all others.
    package var maxStaleness = Duration.seconds(2)
    /// How many messages are taken in at once, and how many revisions made, at most.
    package var batchLimit = 256
    package var roundLimit = 256
    /// From one intake to the next, at least: revisions linger longer than this anyway.
    package var pace = Duration.milliseconds(25)
    /// Larger bodies go to the object store.
    package var inlineLimit = 256 << 10
    /// For all workflows in memory, as far as they are idle.
    package var memoryLimit = 512 << 20
    /// How often what others left behind is looked for, and from what age on.
    package var sweepEvery = Duration.seconds(5)
    package var abandonedAfter = Duration.seconds(5)
    /// How long past its time something has to be before it counts as left behind.
    package var overdueAfter = Duration.seconds(2)
    /// The first pause before a payload is fetched again.
    package var fetchAgainAfter = Duration.seconds(5)

    package init() {}
}
