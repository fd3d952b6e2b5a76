// Figures that others published, and two of this project's design that were measured once with
// other code: to check the baselines against, and for the engine to beat.
#include "evaluation/report.h"

namespace rondo::evaluation {

std::vector<Reference> references_of(const std::string& protocol) {
  if (protocol == "ml100k-ratio") {
    return {
        {"BPR (RecBole)",
         "RecBole, general recommendation benchmark, ml-100k: 8:1:1 at random per user, full "
         "ranking",
         {{"recall@10", 0.2523}, {"mrr@10", 0.4855}, {"ndcg@10", 0.2920}, {"hit@10", 0.7953}}},
        {"EASE (one other split)",
         "measured once for the design of this engine, same protocol, another random split",
         {{"recall@10", 0.281}, {"ndcg@10", 0.355}, {"hit@10", 0.870}, {"mrr@10", 0.573}}},
    };
  }
  if (protocol == "ml100k-loo") {
    const std::string source =
        "RecBole, sequential recommendation, ml-100k: leave one out by time, at most 50 items of "
        "history, full ranking; items that the user has are candidates there";
    return {{"GRU4Rec (RecBole)", source, {{"hit@10", 0.1304}, {"ndcg@10", 0.0650}}},
            {"SASRec (RecBole)", source, {{"hit@10", 0.1198}, {"ndcg@10", 0.0594}}}};
  }
  if (protocol == "ml100k-5fold") {
    return {{"WRMF (Gorse)",
             "Gorse's README of 2019: item ranking on ml-100k, 5-fold cross validation",
             {{"ndcg@10", 0.41614}, {"recall@10", 0.23665}}}};
  }
  if (protocol == "tiktok") {
    const std::string source = "Jiang et al., DiffMM (2024), and what it compares with: TikTok";
    return {
        {"DiffMM (with text features)", source, {{"recall@20", 0.1129}, {"ndcg@20", 0.0456}}},
        {"BM3", source, {{"recall@20", 0.0957}, {"ndcg@20", 0.0404}}},
        {"LightGCN", source, {{"recall@20", 0.0653}, {"ndcg@20", 0.0282}}},
        {"EASE (other code)",
         "measured once for the design of this engine, same split",
         {{"recall@20", 0.088}, {"ndcg@20", 0.040}}},
    };
  }
  return {};
}

}  // namespace rondo::evaluation
