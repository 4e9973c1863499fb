import Foundation

/// The skills that a load consists of: templates, so that what is measured is the pipeline and not their work.
enum BenchSkill: String, CaseIterable {
    case echo, join, slow

    var id: String { "bench.\(rawValue)" }

    /// Writes them where executors of the domain find them.
    static func write(into folder: String, domain: String) throws {
        for skill in allCases {
            let place = URL(fileURLWithPath: folder).appendingPathComponent(skill.id)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data(skill.file(domain).utf8).write(to: place.appendingPathComponent("skill.yaml"))
        }
    }

    private func file(_ domain: String) -> String {
        let (more, delay) =
            switch self {
            case .echo: ("", "")
            case .join: ("\n          ks: \"${{ input.ks }}\"", "")
            case .slow: ("", "\n        delay: \"${{ input.delay }}\"")
            }
        return """
            id: \(id)
            domain: \(domain)
            version: 1
            title: A task of the load tester
            input:
              type: object
              properties: { wf: { type: string }, k: { type: string }, pad: { type: string } }
              required: [wf, k, pad]
            handler:
              template:
                output:
                  wf: "${{ input.wf }}"
                  k: "${{ input.k }}"
                  at: "${{ run.started_at }}"
                  pad: "${{ input.pad }}"\(more.replacing("          ", with: "      "))\(delay.replacing("        ", with: "    "))
            artifacts:
              - name: result
                payload: { rows: [{ k: "${{ output.k }}", wf: "${{ output.wf }}", pad: "${{ output.pad }}" }] }
                confidence: 1

            """
    }
}
